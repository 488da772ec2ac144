/**
 * The commands, one class each.
 *
 * <p>Depends on all other packages of the command line. Start with {@link
 * dev.sluice.cli.command.RootCommand}.
 */
@NullMarked
package dev.sluice.cli.command;

import org.jspecify.annotations.NullMarked;
