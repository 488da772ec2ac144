@NullMarked
package dev.sluice.control.badexample.journal;

import org.jspecify.annotations.NullMarked;
