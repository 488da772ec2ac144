/**
 * Which cluster is meant: the contexts file, the environment and the flags.
 *
 * <p>Depends on snakeyaml-engine, and on {@code connect} for the result. Start with {@link
 * dev.sluice.cli.context.Contexts}.
 */
@NullMarked
package dev.sluice.cli.context;

import org.jspecify.annotations.NullMarked;
