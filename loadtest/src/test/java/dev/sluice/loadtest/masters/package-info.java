/**
 * The masters of a real cluster under their operator's hands. Uses the test bed. Start with {@code
 * MastersProcessTest}.
 */
@NullMarked
package dev.sluice.loadtest.masters;

import org.jspecify.annotations.NullMarked;
