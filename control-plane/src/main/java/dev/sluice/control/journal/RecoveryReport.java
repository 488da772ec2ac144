package dev.sluice.control.journal;

import java.util.List;

/**
 * What opening a journal found.
 *
 * @param firstIndex the first index in the log; one more than the last if it is empty
 * @param last the last entry
 * @param segments how many segment files there are
 * @param bytesRead how many bytes were read to verify them
 * @param warnings what was repaired
 */
public record RecoveryReport(
        long firstIndex,
        JournalPosition last,
        int segments,
        long bytesRead,
        List<RecoveryWarning> warnings) {

    public RecoveryReport {
        warnings = List.copyOf(warnings);
    }
}
