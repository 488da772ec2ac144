package dev.sluice.control.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An append-only log of opaque entries, indexed from 1 without gaps, each bound to all before it by
 * a {@link ChainHash}.
 *
 * <p>One owner thread appends, forces, compacts and truncates: it drains its queue, appends the
 * batch, forces once, and only then answers, so that many callers share one fdatasync. {@link
 * #read}, {@link #replay} and the getters may be used by any thread and show durable entries only.
 * The owner must not be interrupted: that closes the file under it.
 *
 * <p>The first failure to write or force is final: every later call fails with it, and nothing is
 * tried again. What was acknowledged is safe, and opening the journal again goes on from there.
 * Format: {@code docs/reference/journal.md}.
 */
public final class Journal implements Closeable {

    static final String LOCK_FILE = "journal.lock";
    private static final int SMALLEST_WINDOW_BYTES = 64 << 10;

    private final Disk disk;
    private final JournalOptions options;
    private final Closeable lock;
    private final String storeId;
    private final RecoveryReport report;
    private final EntryLocations locations;
    private final EntryReader reader;
    private final Deque<Segment> segments;
    private final RecordFormat.Chain chain;
    private final ByteBuffer buffer;
    private SegmentWriter writer;
    private boolean closed;

    /**
     * The index up to which everything is on disk; {@link #durableIndex} follows when the owner
     * forces.
     */
    private long forcedIndex;

    private volatile JournalPosition beforeFirst;
    private volatile long lastIndex;
    private volatile long durableIndex;
    private volatile @Nullable JournalFailedException failure;

    private Journal(
            Disk disk,
            JournalOptions options,
            Closeable lock,
            String storeId,
            Recovery.Recovered recovered,
            SegmentWriter writer,
            ByteBuffer buffer) {
        this.disk = disk;
        this.options = options;
        this.lock = lock;
        this.storeId = storeId;
        this.locations = recovered.locations();
        this.reader = new EntryReader(disk, locations);
        this.segments = new ArrayDeque<>(recovered.segments());
        this.chain = new RecordFormat.Chain(recovered.last().chainHash());
        this.writer = writer;
        this.buffer = buffer;
        this.beforeFirst = segments.getFirst().before();
        this.lastIndex = recovered.last().index();
        this.durableIndex = lastIndex;
        this.forcedIndex = lastIndex;
        this.report =
                new RecoveryReport(
                        firstIndex(),
                        recovered.last(),
                        segments.size(),
                        recovered.bytesRead(),
                        recovered.warnings());
    }

    /**
     * Opens the journal in a directory of the real file system, without a snapshot, and creates it
     * if it is not there.
     */
    public static Journal open(Path directory, JournalOptions options) throws IOException {
        return open(
                NioDisk.in(directory), options, JournalPosition.GENESIS, EntryVisitor.ignoring());
    }

    /**
     * Opens the journal, verifies all of it in one pass and gives every entry after {@code base} to
     * the visitor on the way.
     *
     * <p>A torn tail is cut and reported. What the visitor has seen must be thrown away if this
     * throws.
     *
     * @param base where the state begins that the visitor builds on: the position of the snapshot
     *     that was loaded, or {@link JournalPosition#GENESIS}; the log must reach and continue it
     * @throws JournalCorruptException if something is damaged that no crash explains; nothing has
     *     been changed
     * @throws JournalLockedException if somebody else has it open
     */
    public static Journal open(
            Disk disk, JournalOptions options, JournalPosition base, EntryVisitor visitor)
            throws IOException {
        return open(disk, options, Journal::randomStoreId, base, visitor);
    }

    /**
     * As {@link #open(Disk, JournalOptions, JournalPosition, EntryVisitor)}.
     *
     * @param ids gives a store id, 32 hexadecimal digits, to a journal that has none
     */
    public static Journal open(
            Disk disk,
            JournalOptions options,
            Supplier<String> ids,
            JournalPosition base,
            EntryVisitor visitor)
            throws IOException {
        return locked(disk, lock -> recover(disk, options, ids, lock, base, visitor));
    }

    /**
     * Opens a log that no snapshot goes before: what was compacted away is not needed, and every
     * entry that is left is given to the visitor.
     */
    public static Journal openWithoutSnapshots(
            Disk disk, JournalOptions options, EntryVisitor visitor) throws IOException {
        return locked(
                disk,
                lock ->
                        recover(
                                disk,
                                options,
                                Journal::randomStoreId,
                                lock,
                                Recovery.beforeFirstEntry(disk),
                                visitor));
    }

    /**
     * Creates the journal of a master that begins with a snapshot from its peer: empty, its first
     * entry follows {@code base}. The directory must not hold a journal yet.
     */
    public static Journal createAfter(Disk disk, JournalOptions options, JournalPosition base)
            throws IOException {
        return createAfter(disk, options, Journal::randomStoreId, base);
    }

    /**
     * As {@link #createAfter(Disk, JournalOptions, JournalPosition)}.
     *
     * @param ids gives the journal its store id, 32 hexadecimal digits
     */
    public static Journal createAfter(
            Disk disk, JournalOptions options, Supplier<String> ids, JournalPosition base)
            throws IOException {
        return locked(
                disk,
                lock -> {
                    for (String name : disk.list()) {
                        if (SegmentFormat.firstIndex(name).isPresent()) {
                            throw new JournalException(
                                    "journal %s: expected no journal yet, found %s; archive the directory first"
                                            .formatted(disk.location(), name));
                        }
                    }
                    String storeId = StoreIdFile.write(disk, ids);
                    ByteBuffer buffer = SegmentWriter.newBuffer();
                    Segment first = Segment.after(base);
                    SegmentWriter writer = SegmentWriter.create(disk, first, options, buffer);
                    var recovered =
                            new Recovery.Recovered(
                                    List.of(first),
                                    new EntryLocations(),
                                    base,
                                    0,
                                    0,
                                    List.of(),
                                    0,
                                    List.of());
                    return new Journal(disk, options, lock, storeId, recovered, writer, buffer);
                });
    }

    @FunctionalInterface
    private interface Opening {
        Journal open(Closeable lock) throws IOException;
    }

    private static Journal locked(Disk disk, Opening opening) throws IOException {
        Optional<Closeable> lock = Optional.empty();
        boolean opened = false;
        try {
            lock = disk.tryLock(LOCK_FILE);
            if (lock.isEmpty()) {
                throw new JournalLockedException(disk.location(), LOCK_FILE);
            }
            Journal journal = opening.open(lock.get());
            opened = true;
            return journal;
        } catch (JournalException e) {
            throw e;
        } catch (IOException e) {
            throw new JournalException(
                    "journal %s: cannot be opened: %s; check that its files can be written by this user, that the file system is not mounted read-only, and its free space"
                            .formatted(disk.location(), e),
                    e);
        } finally {
            if (!opened && lock.isPresent()) {
                lock.get().close();
            }
        }
    }

    private static Journal recover(
            Disk disk,
            JournalOptions options,
            Supplier<String> ids,
            Closeable lock,
            JournalPosition base,
            EntryVisitor visitor)
            throws IOException {
        Optional<String> named = StoreIdFile.read(disk);
        Recovery.Recovered recovered = new Recovery(disk, base, visitor).run();
        for (String leftover : recovered.leftovers()) {
            disk.delete(leftover);
        }
        // A name without segments is left of a journal that was lost.
        String storeId =
                named.isPresent() && !recovered.segments().isEmpty()
                        ? named.get()
                        : StoreIdFile.write(disk, ids);
        ByteBuffer buffer = SegmentWriter.newBuffer();
        if (recovered.segments().isEmpty()) {
            Segment first = Segment.after(base);
            SegmentWriter writer = SegmentWriter.create(disk, first, options, buffer);
            recovered.segments().add(first);
            return new Journal(disk, options, lock, storeId, recovered, writer, buffer);
        }
        DiskFile file = disk.openForWriting(recovered.segments().getLast().name());
        boolean ready = false;
        try {
            if (recovered.bytesToCut() > 0) {
                file.truncate(recovered.end());
            }
            // What the last run wrote but did not force may be in the page cache only.
            file.force(true);
            disk.forceDirectory();
            SegmentWriter writer = SegmentWriter.resume(file, recovered.end(), options, buffer);
            ready = true;
            return new Journal(disk, options, lock, storeId, recovered, writer, buffer);
        } finally {
            if (!ready) {
                file.close();
            }
        }
    }

    /** Returns 128 random bits in hexadecimal digits: no two journals ever get the same. */
    public static String randomStoreId() {
        return StoreIdFile.random();
    }

    /** Returns the name of this journal: another one begun in its place has another. */
    public String storeId() {
        return storeId;
    }

    /** Returns what opening found and repaired. */
    public RecoveryReport recoveryReport() {
        return report;
    }

    /** Returns the first index in the log; one more than {@link #lastIndex} if the log is empty. */
    public long firstIndex() {
        return beforeFirst.index() + 1;
    }

    /** Returns the last index appended, durable or not. */
    public long lastIndex() {
        return lastIndex;
    }

    /** Returns the last index that {@link #force} has made durable. */
    public long durableIndex() {
        return durableIndex;
    }

    /** Returns the position of the last entry appended, durable or not. Owner only. */
    public JournalPosition lastPosition() {
        return new JournalPosition(lastIndex, chain.value());
    }

    /**
     * Appends the entries, in order, and returns the index of the last one. They are durable after
     * the next {@link #force}. Owner only.
     *
     * @throws IllegalArgumentException if one is larger than {@link JournalOptions#maxEntryBytes};
     *     none is appended then
     * @throws JournalFullException if the disk is full
     * @throws JournalFailedException if writing failed, now or before
     */
    public long append(List<byte[]> payloads) throws JournalFailedException {
        long bytes = 0;
        for (byte[] payload : payloads) {
            if (payload.length > options.maxEntryBytes()) {
                throw new IllegalArgumentException(
                        "journal %s: entry of %d bytes: expected at most %d; split it"
                                .formatted(
                                        disk.location(), payload.length, options.maxEntryBytes()));
            }
            bytes += RecordFormat.recordBytes(payload);
        }
        guarded("appending " + payloads.size() + " entries", bytes, () -> write(payloads));
        return lastIndex;
    }

    private void write(List<byte[]> payloads) throws IOException {
        long index = lastIndex;
        for (byte[] payload : payloads) {
            if (!writer.fits(RecordFormat.recordBytes(payload))) {
                roll(new JournalPosition(index, chain.value()));
            }
            index++;
            locations.note(index, segments.getLast(), writer.end());
            writer.put(index, forcedIndex, chain.next(index, ByteBuffer.wrap(payload)), payload);
        }
        writer.flush();
        lastIndex = index;
    }

    /**
     * A segment is whole and durable before its successor exists: that is how recovery knows which
     * one may be torn.
     */
    private void roll(JournalPosition position) throws IOException {
        writer.seal();
        forcedIndex = position.index();
        Segment next = Segment.after(position);
        writer = SegmentWriter.create(disk, next, options, buffer);
        segments.addLast(next);
    }

    /**
     * Makes everything appended durable with one fdatasync; does nothing if it is already. Owner
     * only.
     *
     * @throws JournalFailedException if it failed, now or before: whether the entries are on disk
     *     is then unknown
     */
    public void force() throws JournalFailedException {
        guarded(
                "making entries durable",
                options.preallocateBytes(),
                () -> {
                    if (forcedIndex < lastIndex) {
                        writer.force();
                        forcedIndex = lastIndex;
                    }
                    durableIndex = lastIndex;
                });
    }

    /**
     * Reads durable entries from an index on, for any thread: at least one if there is one, and
     * more while their payloads fit into {@code maxBytes}.
     *
     * @throws JournalCompactedException if the log begins after {@code fromIndex}
     */
    public List<JournalEntry> read(long fromIndex, int maxBytes) throws IOException {
        List<JournalEntry> entries = new ArrayList<>();
        long[] bytes = {0};
        readDurable(
                fromIndex,
                Math.clamp(maxBytes, SMALLEST_WINDOW_BYTES, Recovery.WINDOW_BYTES),
                (index, records, at, size) -> {
                    bytes[0] += size - RecordFormat.HEADER_BYTES;
                    if (!entries.isEmpty() && bytes[0] > maxBytes) {
                        return false;
                    }
                    var position = new JournalPosition(index, RecordFormat.chain(records, at));
                    return entries.add(
                            new JournalEntry(position, RecordFormat.payload(records, at, size)));
                });
        return entries;
    }

    /**
     * Gives all durable entries from an index on to the visitor, in bounded memory, for any thread.
     * To recover, use the visitor of {@link #open} in its place, which reads everything only once.
     */
    public void replay(long fromIndex, EntryVisitor visitor) throws IOException {
        readDurable(
                fromIndex,
                Recovery.WINDOW_BYTES,
                (index, records, at, size) -> {
                    visitor.visit(index, RecordFormat.payload(records, at, size));
                    return true;
                });
    }

    private void readDurable(long fromIndex, int windowBytes, EntryReader.RecordVisitor visitor)
            throws IOException {
        requireNotFailed();
        long to = durableIndex;
        try {
            requireNotCompacted(fromIndex);
            reader.read(fromIndex, to, windowBytes, visitor);
        } catch (NoSuchFileException e) {
            requireNotCompacted(fromIndex);
            throw e;
        }
    }

    private void requireNotCompacted(long index) throws JournalCompactedException {
        if (index < firstIndex()) {
            throw new JournalCompactedException(disk.location(), index, firstIndex());
        }
    }

    /**
     * Returns the position of a durable entry, or the one before the first: what two masters
     * compare to find where their journals part.
     */
    public JournalPosition positionAt(long index) throws IOException {
        requireNotFailed();
        JournalPosition before = beforeFirst;
        if (index == before.index()) {
            return before;
        }
        requireNotCompacted(index);
        if (index > durableIndex) {
            throw new IllegalArgumentException(
                    "journal %s: entry %d is not durable, the last one is %d"
                            .formatted(disk.location(), index, durableIndex));
        }
        return storedPosition(index);
    }

    private JournalPosition storedPosition(long index) throws IOException {
        JournalPosition[] found = {beforeFirst};
        if (index > beforeFirst.index()) {
            reader.read(
                    index,
                    index,
                    SMALLEST_WINDOW_BYTES,
                    (i, records, at, size) -> {
                        found[0] = new JournalPosition(i, RecordFormat.chain(records, at));
                        return false;
                    });
        }
        return found[0];
    }

    /**
     * Deletes the segments that hold only entries below the index, never the last one, and returns
     * how many. The caller keeps a snapshot that makes them unnecessary. Owner only.
     */
    public int compactBelow(long index) throws JournalFailedException {
        int[] deleted = {0};
        guarded(
                "compacting below entry " + index,
                0,
                () -> {
                    while (segments.size() > 1) {
                        Segment oldest = segments.removeFirst();
                        if (segments.getFirst().firstIndex() > index) {
                            segments.addFirst(oldest);
                            break;
                        }
                        beforeFirst = segments.getFirst().before();
                        locations.removeBelow(firstIndex());
                        deleteDurably(oldest);
                        deleted[0]++;
                    }
                });
        return deleted[0];
    }

    /** Whether {@link #compactBelow} would delete anything now. Owner only. */
    public boolean canCompactBelow(long index) {
        return segments.stream().skip(1).limit(1).anyMatch(second -> second.firstIndex() <= index);
    }

    /**
     * One at a time, because a crash which kept only a later one of two deletions would leave a
     * gap.
     */
    private void deleteDurably(Segment segment) throws IOException {
        disk.delete(segment.name());
        disk.forceDirectory();
    }

    /**
     * Copies all entries after the index, durable or not, to a segment file of its own on another
     * disk and makes it durable; returns its name, or empty if there are none. Doing it again gives
     * the same file. Owner only.
     */
    public Optional<String> archiveTail(long index, Disk target) throws IOException {
        requireNotFailed();
        requireInLog(index);
        if (index == lastIndex) {
            return Optional.empty();
        }
        return Optional.of(
                new TailArchive(reader, target).write(storedPosition(index), lastPosition()));
    }

    /**
     * Removes all entries after the index, durably: what a master does that returns and finds its
     * tail was never committed. {@link #archiveTail} comes first; no other thread may be reading
     * entries that go. Owner only.
     */
    public void truncateAfter(long index) throws JournalFailedException {
        requireInLog(index);
        if (index < lastIndex) {
            guarded("truncating after entry " + index, 0, () -> truncate(index));
        }
    }

    private void truncate(long index) throws IOException {
        durableIndex = Math.min(durableIndex, index);
        JournalPosition position = storedPosition(index);
        long end = offsetAfter(index);
        writer.close();
        locations.removeAbove(index);
        lastIndex = index;
        while (segments.getLast().firstIndex() > index + 1) {
            deleteDurably(segments.removeLast());
        }
        DiskFile file = disk.openForWriting(segments.getLast().name());
        writer = SegmentWriter.resume(file, end, options, buffer);
        file.truncate(end);
        file.force(true);
        writer = SegmentWriter.resume(file, end, options, buffer);
        chain.reset(position.chainHash());
        forcedIndex = index;
        durableIndex = index;
    }

    /** Returns where the record of entry {@code index + 1} begins in the segment that it is in. */
    private long offsetAfter(long index) throws IOException {
        for (Segment segment : segments) {
            if (segment.firstIndex() == index + 1) {
                return SegmentFormat.HEADER_BYTES;
            }
        }
        EntryLocations.Location start = locations.atOrBefore(index).orElseThrow();
        long[] offset = {start.offset()};
        reader.read(
                start.index(),
                index,
                Recovery.WINDOW_BYTES,
                (i, records, at, size) -> {
                    offset[0] += size;
                    return true;
                });
        return offset[0];
    }

    private void requireInLog(long index) {
        if (index < beforeFirst.index() || index > lastIndex) {
            throw new IllegalArgumentException(
                    "journal %s: expected an index from %d to %d, found %d"
                            .formatted(disk.location(), beforeFirst.index(), lastIndex, index));
        }
    }

    /**
     * Makes everything appended durable, unless the journal has failed, and gives the directory
     * free. Owner only.
     */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (lock;
                SegmentWriter open = writer) {
            if (failure == null) {
                open.seal();
            }
        }
    }

    @FunctionalInterface
    private interface Change {
        void make() throws IOException;
    }

    private void guarded(String action, long bytesNeeded, Change change)
            throws JournalFailedException {
        requireNotFailed();
        if (closed) {
            throw new IllegalStateException(
                    "journal " + disk.location() + ": closed before " + action);
        }
        try {
            change.make();
        } catch (IOException e) {
            JournalFailedException failed = describe(action, bytesNeeded, e);
            failure = failed;
            throw failed;
        } catch (RuntimeException | Error e) {
            failure = describe(action, bytesNeeded, e);
            throw e;
        }
    }

    private JournalFailedException describe(String action, long bytesNeeded, Throwable cause) {
        String safe = "entries up to %d are safe".formatted(durableIndex);
        long usable = usableBytes();
        if (usable >= 0 && usable < bytesNeeded) {
            return new JournalFullException(
                    "journal %s: disk full: %s needs %d bytes, found %d usable; %s; free space and restart"
                            .formatted(disk.location(), action, bytesNeeded, usable, safe),
                    cause);
        }
        return new JournalFailedException(
                "journal %s: %s failed: %s; %s; check the disk and restart"
                        .formatted(disk.location(), action, cause, safe),
                cause);
    }

    private long usableBytes() {
        try {
            return disk.usableBytes();
        } catch (IOException e) {
            return -1;
        }
    }

    private void requireNotFailed() throws JournalFailedException {
        JournalFailedException first = failure;
        if (first != null) {
            throw new JournalFailedException(
                    "refused after a failure: " + first.getMessage(), first);
        }
    }
}
