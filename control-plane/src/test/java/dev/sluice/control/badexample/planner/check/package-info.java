@NullMarked
package dev.sluice.control.badexample.planner.check;

import org.jspecify.annotations.NullMarked;
