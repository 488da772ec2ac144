/**
 * Limits of rates, exact by counted tokens, and the clock that they run by. Depends on bucket4j.
 * Start with {@link dev.sluice.transfer.pace.RateLimit}.
 */
@NullMarked
package dev.sluice.transfer.pace;

import org.jspecify.annotations.NullMarked;
