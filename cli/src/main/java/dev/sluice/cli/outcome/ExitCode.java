package dev.sluice.cli.outcome;

/** What a script can tell from the way a command ended. The numbers never change. */
public enum ExitCode {
    OK(0),
    /** The command line, a file or a value was wrong; nothing was changed. */
    BAD_INPUT(1),
    /** The cluster understood and refused; nothing was changed. */
    REFUSED(2),
    /** No master answered, or not in time; whether anything was changed is in the message. */
    UNREACHABLE(3),
    /** The watched upgrade halted or was aborted. */
    UPGRADE_NOT_COMPLETED(4),
    /** A defect of Sluice. */
    INTERNAL(70);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    /** The process's exit status. */
    public int number() {
        return number;
    }
}
