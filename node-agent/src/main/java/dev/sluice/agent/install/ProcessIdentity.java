package dev.sluice.agent.install;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process that cannot be mistaken for another one that got its number later.
 *
 * <p>The start is the kernel's own count since boot, not a date: dates derived from it move when
 * the clock is set.
 *
 * @param bootId names the boot that the count belongs to
 * @param startTicks field 22 of {@code /proc/PID/stat}
 */
record ProcessIdentity(long pid, String bootId, long startTicks) {

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final int STATE = 0;
    private static final int START_TICKS = 19;

    /** Reads a {@code stat} line and the id of the boot in which it was made. */
    static Optional<ProcessIdentity> parse(String bootId, String stat) {
        int open = stat.indexOf('(');
        String[] fields = afterName(stat);
        if (open < 2 || fields.length <= START_TICKS) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new ProcessIdentity(
                            Long.parseLong(stat.substring(0, open).strip()),
                            bootId,
                            Long.parseLong(fields[START_TICKS])));
        } catch (NumberFormatException _) {
            return Optional.empty();
        }
    }

    /** Whether this very process runs: not one with its number, and not what is left of it. */
    boolean isAlive() {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] fields = afterName(stat);
            boolean ended = fields.length > STATE && "ZX".contains(fields[STATE]);
            return !ended
                    && parse(Files.readString(BOOT_ID).strip(), stat).equals(Optional.of(this));
        } catch (NoSuchFileException _) {
            return false;
        } catch (IOException _) {
            // ESRCH: the process ended between opening and reading its file.
            return false;
        }
    }

    /** The fields after the name, which is in parentheses and may contain anything. */
    private static String[] afterName(String stat) {
        return stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
    }
}
