package dev.sluice.control.journal;

/** Something that recovery found and dealt with, and that a human should know of. */
public sealed interface RecoveryWarning {

    /** Returns the warning as a sentence for a log. */
    String message();

    /**
     * The end of the last segment was written only in part when the machine stopped, and was cut.
     * None of it had been acknowledged, unless the disk lost what it had promised to keep.
     *
     * @param file the path of the segment
     * @param offset where the cut was made
     * @param bytesCut how many bytes followed it, without the zeros of preallocation
     * @param reason what was wrong there
     */
    record TornTailCut(String file, long offset, long bytesCut, String reason)
            implements RecoveryWarning {
        @Override
        public String message() {
            return "%s: torn tail of %d bytes cut at offset %d: %s; it was never acknowledged, nothing needs to be done"
                    .formatted(file, bytesCut, offset, reason);
        }
    }

    /**
     * A file of an operation that a crash interrupted was removed.
     *
     * @param file the path of the file
     */
    record LeftoverRemoved(String file) implements RecoveryWarning {
        @Override
        public String message() {
            return file + ": leftover of an interrupted operation removed";
        }
    }

    /**
     * A snapshot is damaged and an older one is used in its place.
     *
     * @param file the path of the snapshot
     * @param reason what was wrong with it
     */
    record SnapshotSkipped(String file, String reason) implements RecoveryWarning {
        @Override
        public String message() {
            return "%s: damaged snapshot skipped: %s; check the disk, the next snapshot replaces it"
                    .formatted(file, reason);
        }
    }
}
