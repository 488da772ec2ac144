package dev.sluice.cli.outcome;

import java.util.LinkedHashMap;
import java.util.Map;

/** The end of a command that could not do what was asked, told so that an operator can act. */
public final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ExitCode exitCode;
    private final LinkedHashMap<String, String> details;

    /**
     * A failure.
     *
     * @param message what was wrong: subject, expected, found
     * @param details more to print below, such as {@code subject}, {@code reason} and {@code next}
     *     (what to do), in this order
     */
    public CommandFailure(ExitCode exitCode, String message, Map<String, String> details) {
        super(message);
        this.exitCode = exitCode;
        this.details = new LinkedHashMap<>(details);
    }

    public static CommandFailure badInput(String message) {
        return new CommandFailure(ExitCode.BAD_INPUT, message, Map.of());
    }

    /** The same failure with one more detail at the end. */
    public CommandFailure with(String name, String value) {
        LinkedHashMap<String, String> more = new LinkedHashMap<>(details);
        more.put(name, value);
        return new CommandFailure(exitCode, text(), more);
    }

    public ExitCode exitCode() {
        return exitCode;
    }

    /** Name and value, in the order in which they are to be read. */
    public Map<String, String> details() {
        return new LinkedHashMap<>(details);
    }

    /** The message, which a failure always has. */
    public String text() {
        return String.valueOf(getMessage());
    }
}
