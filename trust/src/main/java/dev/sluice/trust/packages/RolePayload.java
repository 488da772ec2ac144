package dev.sluice.trust.packages;

import java.util.List;

/**
 * What a node of one role installs: a directory of the payload, and what to run in it.
 *
 * @param command a program by its path relative to the directory, then its arguments; empty when
 *     there is nothing to run. At most {@value #MAX_ARGUMENTS} of at most {@value
 *     #MAX_ARGUMENT_CHARS} characters
 */
public record RolePayload(PayloadPath directory, List<String> command) {
    /** The longest command. */
    public static final int MAX_ARGUMENTS = 64;

    /** The longest argument. */
    public static final int MAX_ARGUMENT_CHARS = 1024;

    public RolePayload {
        command = List.copyOf(command);
        if (command.size() > MAX_ARGUMENTS) {
            throw new IllegalArgumentException(
                    "a command has at most " + MAX_ARGUMENTS + " parts, not " + command.size());
        }
        for (String argument : command) {
            if (argument.length() > MAX_ARGUMENT_CHARS || argument.indexOf('\0') >= 0) {
                throw new IllegalArgumentException(
                        "argument "
                                + Printable.quoted(argument)
                                + " is longer than "
                                + MAX_ARGUMENT_CHARS
                                + " characters or contains NUL");
            }
        }
        if (!command.isEmpty()) {
            var _ = new PayloadPath(command.getFirst());
        }
    }

    /** The program inside the payload; only when there is a command. */
    PayloadPath program() {
        return new PayloadPath(directory + "/" + command.getFirst());
    }
}
