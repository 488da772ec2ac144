@NullMarked
package dev.sluice.control.badexample.planner;

import org.jspecify.annotations.NullMarked;
