package dev.sluice.control.journal;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Where entries are on disk: of each segment the first one, and then one about every 64 KiB. A few
 * thousand locations stand for a gigabyte. One thread adds and removes, others look up.
 */
final class EntryLocations {

    private static final int SPACING_BYTES = 64 << 10;

    /** Where the record of an entry begins. */
    record Location(Segment segment, long index, long offset) {}

    private final ConcurrentNavigableMap<Long, Location> byIndex = new ConcurrentSkipListMap<>();
    private long latestOffset;

    /**
     * Notes a record, which must be the next one, if it is far enough from the one noted before.
     */
    void note(long index, Segment segment, long offset) {
        if (index == segment.firstIndex() || offset - latestOffset >= SPACING_BYTES) {
            byIndex.put(index, new Location(segment, index, offset));
            latestOffset = offset;
        }
    }

    /** Returns the nearest known location at or before the entry. */
    Optional<Location> atOrBefore(long index) {
        return Optional.ofNullable(byIndex.floorEntry(index)).map(Map.Entry::getValue);
    }

    void removeBelow(long index) {
        byIndex.headMap(index, false).clear();
    }

    void removeAbove(long index) {
        byIndex.tailMap(index, false).clear();
        Map.Entry<Long, Location> latest = byIndex.lastEntry();
        latestOffset = latest == null ? 0 : latest.getValue().offset();
    }
}
