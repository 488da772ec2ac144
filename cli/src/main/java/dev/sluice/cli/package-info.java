/**
 * The operator's command line. It knows the cluster through the wire's operator service alone.
 *
 * <p>This package only puts the program together: {@link dev.sluice.cli.SluiceCli}. What operators
 * see is in {@code render}, how a master is reached in {@code connect}.
 */
@NullMarked
package dev.sluice.cli;

import org.jspecify.annotations.NullMarked;
