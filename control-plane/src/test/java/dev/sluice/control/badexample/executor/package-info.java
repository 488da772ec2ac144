@NullMarked
package dev.sluice.control.badexample.executor;

import org.jspecify.annotations.NullMarked;
