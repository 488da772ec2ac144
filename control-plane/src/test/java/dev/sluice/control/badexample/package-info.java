/**
 * Classes that break the architecture on purpose, so that {@code ArchitectureTest} can show that
 * each of its rules fails when it should. Never a pattern to follow.
 */
@NullMarked
package dev.sluice.control.badexample;

import org.jspecify.annotations.NullMarked;
