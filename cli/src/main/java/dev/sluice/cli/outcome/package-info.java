/**
 * How a command ends: exit codes, and failures that tell what was wrong and what to do.
 *
 * <p>Depends on the JDK. Start with {@link dev.sluice.cli.outcome.CommandFailure}.
 */
@NullMarked
package dev.sluice.cli.outcome;

import org.jspecify.annotations.NullMarked;
