package dev.sluice.control.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/**
 * The verification of a whole journal in one pass, which changes nothing: what it finds is a {@link
 * Recovered}, and only {@link Journal} carries out the repairs named there.
 */
final class Recovery {

    static final int WINDOW_BYTES = 1 << 20;

    /**
     * What verification found.
     *
     * @param segments all segments in order, empty for a new journal
     * @param locations where entries are, sparsely
     * @param last the last entry
     * @param end where the last segment's records end
     * @param bytesToCut the torn bytes behind that
     * @param leftovers names of files to remove
     * @param bytesRead how many bytes were read
     * @param warnings what will have been repaired
     */
    record Recovered(
            List<Segment> segments,
            EntryLocations locations,
            JournalPosition last,
            long end,
            long bytesToCut,
            List<String> leftovers,
            long bytesRead,
            List<RecoveryWarning> warnings) {}

    private final Disk disk;
    private final JournalPosition base;
    private final EntryVisitor visitor;
    private final EntryLocations locations = new EntryLocations();
    private final List<RecoveryWarning> warnings = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();
    private JournalPosition last;
    private long end;
    private long bytesToCut;
    private long bytesRead;

    Recovery(Disk disk, JournalPosition base, EntryVisitor visitor) {
        this.disk = disk;
        this.base = base;
        this.visitor = visitor;
        this.last = base;
    }

    /** The position before the first entry that a log still has; genesis when it has none. */
    static JournalPosition beforeFirstEntry(Disk disk) throws IOException {
        OptionalLong first =
                disk.list().stream()
                        .flatMapToLong(name -> SegmentFormat.firstIndex(name).stream())
                        .min();
        if (first.isEmpty()) {
            return JournalPosition.GENESIS;
        }
        String name = SegmentFormat.name(first.getAsLong());
        try (DiskFile file = disk.openForReading(name)) {
            return SegmentFormat.readHeader(
                    new WindowReader(file, WINDOW_BYTES),
                    disk.location() + "/" + name,
                    first.getAsLong());
        }
    }

    Recovered run() throws IOException {
        List<String> leftovers = new ArrayList<>();
        List<Long> firstIndexes = new ArrayList<>();
        for (String name : disk.list()) {
            SegmentFormat.firstIndex(name).ifPresent(firstIndexes::add);
            if (SegmentFormat.isTemporaryName(name)) {
                leftovers.add(name);
                warnings.add(new RecoveryWarning.LeftoverRemoved(path(name)));
            }
        }
        firstIndexes.sort(Comparator.naturalOrder());
        requireStart(firstIndexes);
        for (int i = 0; i < firstIndexes.size(); i++) {
            verify(firstIndexes.get(i), i == 0, i == firstIndexes.size() - 1);
        }
        requireBaseReached();
        return new Recovered(
                segments, locations, last, end, bytesToCut, leftovers, bytesRead, warnings);
    }

    private void requireStart(List<Long> firstIndexes) throws JournalCorruptException {
        if (firstIndexes.isEmpty() && base.index() > 0) {
            throw SegmentFormat.corrupt(
                    disk.location(),
                    0,
                    "a log that goes on after the snapshot at " + base.index(),
                    "no segment");
        }
        if (!firstIndexes.isEmpty() && firstIndexes.getFirst() > base.index() + 1) {
            String needed =
                    base.index() == 0
                            ? "no valid snapshot"
                            : "a snapshot up to entry " + base.index();
            throw SegmentFormat.corrupt(
                    path(SegmentFormat.name(firstIndexes.getFirst())),
                    0,
                    "the log to begin at entry %d or before, as there is %s"
                            .formatted(base.index() + 1, needed),
                    "that it begins at entry " + firstIndexes.getFirst());
        }
    }

    private void verify(long nameIndex, boolean isFirst, boolean isLast) throws IOException {
        String name = SegmentFormat.name(nameIndex);
        try (DiskFile file = disk.openForReading(name)) {
            WindowReader reader = new WindowReader(file, WINDOW_BYTES);
            Segment segment =
                    new Segment(name, SegmentFormat.readHeader(reader, path(name), nameIndex));
            if (!isFirst) {
                requireFollows(segment);
            } else if (nameIndex == 1 && !segment.before().equals(JournalPosition.GENESIS)) {
                throw SegmentFormat.corrupt(
                        path(name),
                        24,
                        "a chain that begins with zeros",
                        segment.before().chainHash().toString());
            }
            segments.add(segment);
            requireBaseAgrees(segment.before());
            SegmentScan.End scanned = scan(reader, segment);
            last = scanned.last();
            end = scanned.offset();
            if (scanned.fault().isPresent()) {
                judge(reader, segment, scanned, scanned.fault().get(), isLast);
            }
            bytesRead += reader.bytesRead();
        }
    }

    private void requireFollows(Segment segment) throws JournalCorruptException {
        if (segment.firstIndex() != last.index() + 1) {
            throw SegmentFormat.corrupt(
                    path(segment.name()),
                    0,
                    "a segment that begins with entry %d, after %s"
                            .formatted(last.index() + 1, segments.getLast().name()),
                    "one that begins with entry " + segment.firstIndex());
        }
        if (!segment.before().equals(last)) {
            throw SegmentFormat.corrupt(
                    path(segment.name()),
                    24,
                    "chain hash %s of the segment before".formatted(last.chainHash()),
                    segment.before().chainHash().toString());
        }
    }

    private SegmentScan.End scan(WindowReader reader, Segment segment) throws IOException {
        return new SegmentScan(reader, segment.before())
                .run(
                        Long.MAX_VALUE,
                        (index, offset, buffer, at, size) -> {
                            locations.note(index, segment, offset);
                            if (index == base.index()) {
                                requireBaseAgrees(
                                        new JournalPosition(index, RecordFormat.chain(buffer, at)));
                            } else if (index > base.index()) {
                                visitor.visit(index, RecordFormat.payload(buffer, at, size));
                            }
                        });
    }

    private void requireBaseAgrees(JournalPosition position) throws JournalCorruptException {
        if (position.index() == base.index() && !position.equals(base)) {
            throw SegmentFormat.corrupt(
                    disk.location(),
                    0,
                    "chain hash %s of the snapshot at entry %d"
                            .formatted(base.chainHash(), base.index()),
                    position.chainHash() + " in the log, which is another one's");
        }
    }

    private void judge(
            WindowReader reader,
            Segment segment,
            SegmentScan.End scanned,
            SegmentScan.Fault fault,
            boolean isLast)
            throws IOException {
        String path = path(segment.name());
        switch (fault) {
            case SegmentScan.Fault.Misplaced misplaced ->
                    throw SegmentFormat.corrupt(
                            path, scanned.offset(), misplaced.expected(), misplaced.found());
            case SegmentScan.Fault.Damaged damaged -> {
                if (!isLast) {
                    throw SegmentFormat.corrupt(
                            path,
                            scanned.offset(),
                            damaged.expected()
                                    + " (a later segment exists, so this one was complete)",
                            damaged.found());
                }
                bytesToCut = new TornTail(reader, path, scanned, damaged).bytesToCut();
                if (bytesToCut > 0) {
                    warnings.add(
                            new RecoveryWarning.TornTailCut(
                                    path,
                                    scanned.offset(),
                                    bytesToCut,
                                    "expected %s, found %s"
                                            .formatted(damaged.expected(), damaged.found())));
                }
            }
        }
    }

    private void requireBaseReached() throws JournalCorruptException {
        if (last.index() < base.index()) {
            throw SegmentFormat.corrupt(
                    path(segments.getLast().name()),
                    end,
                    "entries up to the snapshot at " + base.index(),
                    "an end at entry " + last.index());
        }
    }

    private String path(String name) {
        return disk.location() + "/" + name;
    }
}
