package dev.sluice.control.journal;

/**
 * Sizes of a journal. They may change between two openings: what is on disk stays readable.
 *
 * @param segmentBytes a segment that would grow over this size is closed and a new one begun, 4 KiB
 *     to 1 GiB; one larger entry has a segment of its own
 * @param maxEntryBytes the largest payload that is accepted, 1 to {@value #LARGEST_ENTRY_BYTES}
 * @param preallocateBytes how far ahead zeros are written, so that most fdatasyncs need not change
 *     the file's size, which takes twice as long; 0 for never, at most 64 MiB
 */
public record JournalOptions(int segmentBytes, int maxEntryBytes, int preallocateBytes) {

    /** The bound of the format itself: 64 MiB. */
    public static final int LARGEST_ENTRY_BYTES = 64 << 20;

    private static final int SMALLEST_SEGMENT_BYTES = 4 << 10;
    private static final int LARGEST_SEGMENT_BYTES = 1 << 30;
    private static final int LARGEST_PREALLOCATION_BYTES = 64 << 20;

    public JournalOptions {
        require("segmentBytes", segmentBytes, SMALLEST_SEGMENT_BYTES, LARGEST_SEGMENT_BYTES);
        require("maxEntryBytes", maxEntryBytes, 1, LARGEST_ENTRY_BYTES);
        require("preallocateBytes", preallocateBytes, 0, LARGEST_PREALLOCATION_BYTES);
    }

    /** Returns segments and entries of up to 64 MiB, preallocated by 1 MiB. */
    public static JournalOptions defaults() {
        return new JournalOptions(64 << 20, LARGEST_ENTRY_BYTES, 1 << 20);
    }

    /** Returns these options with another segment size. */
    public JournalOptions withSegmentBytes(int bytes) {
        return new JournalOptions(bytes, maxEntryBytes, preallocateBytes);
    }

    /** Returns these options with another bound on payloads. */
    public JournalOptions withMaxEntryBytes(int bytes) {
        return new JournalOptions(segmentBytes, bytes, preallocateBytes);
    }

    /** Returns these options with another preallocation. */
    public JournalOptions withPreallocateBytes(int bytes) {
        return new JournalOptions(segmentBytes, maxEntryBytes, bytes);
    }

    private static void require(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "journal option %s: expected %d to %d, found %d"
                            .formatted(name, least, most, value));
        }
    }
}
