@NullMarked
package dev.sluice.control.badexample.state;

import org.jspecify.annotations.NullMarked;
