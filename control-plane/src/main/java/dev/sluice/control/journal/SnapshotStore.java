package dev.sluice.control.journal;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The snapshots of a state that the journal's entries build, of which the last {@value #KEPT} are
 * kept.
 *
 * <p>A snapshot appears under its name only when all of it is durable. Saving fails without harm to
 * older ones. One thread at a time uses a store; it may share the journal's directory, whose lock
 * then covers it.
 */
public final class SnapshotStore {

    /** How many snapshots are kept: the newest, and one to fall back on if that is damaged. */
    public static final int KEPT = 2;

    private static final int BUFFER_BYTES = 256 << 10;
    private static final Pattern NAME = Pattern.compile("snapshot-(\\d{20})\\.snap");
    private static final Pattern TEMPORARY_NAME = Pattern.compile("snapshot-\\d{20}\\.snap\\.tmp");

    private final Disk disk;
    private final long maxPayloadBytes;

    /**
     * Creates a store.
     *
     * @param maxPayloadBytes the largest payload that is written or read, in bytes
     */
    public SnapshotStore(Disk disk, long maxPayloadBytes) {
        if (maxPayloadBytes < 1) {
            throw new IllegalArgumentException(
                    "snapshot bound: expected at least 1 byte, found " + maxPayloadBytes);
        }
        this.disk = disk;
        this.maxPayloadBytes = maxPayloadBytes;
    }

    /**
     * Saves the state after the position, durably, and then deletes snapshots beyond the last
     * {@value #KEPT}.
     *
     * @throws JournalFullException if the disk is full; older snapshots are still there
     */
    public void save(JournalPosition position, SnapshotWriter writer) throws IOException {
        String name = name(position.index());
        String temporary = name + ".tmp";
        boolean saved = false;
        try {
            writeDurably(temporary, position, writer);
            disk.rename(temporary, name);
            disk.forceDirectory();
            saved = true;
        } catch (JournalException e) {
            throw e;
        } catch (IOException e) {
            throw describe(name, e);
        } finally {
            if (!saved) {
                deleteQuietly(temporary);
            }
        }
        deleteOld();
    }

    private void writeDurably(String temporary, JournalPosition position, SnapshotWriter writer)
            throws IOException {
        try (DiskFile file = disk.create(temporary)) {
            var sink = new SnapshotFormat.Sink(file, path(temporary), maxPayloadBytes);
            sink.begin(position);
            var buffered = new BufferedOutputStream(sink, BUFFER_BYTES);
            writer.writeTo(buffered);
            buffered.flush();
            sink.end();
            file.force(true);
        }
    }

    /**
     * Loads the newest valid snapshot, passing over damaged ones.
     *
     * @throws IOException if the files cannot be read, or the reader refuses bytes that are not
     *     damaged
     */
    public <T> LoadedSnapshots<T> loadNewest(SnapshotReader<T> reader) throws IOException {
        return loadNewest(Long.MAX_VALUE, reader);
    }

    /** As {@link #loadNewest(SnapshotReader)}, of those up to an index. */
    public <T> LoadedSnapshots<T> loadNewest(long upToIndex, SnapshotReader<T> reader)
            throws IOException {
        List<RecoveryWarning> warnings = new ArrayList<>();
        List<Long> indexes =
                indexesNewestFirst().stream().filter(index -> index <= upToIndex).toList();
        for (long index : indexes) {
            String path = path(name(index));
            try (DiskFile file = disk.openForReading(name(index))) {
                var source = new SnapshotFormat.Source(file, maxPayloadBytes);
                JournalPosition position = source.begin(index);
                T state = read(reader, position, source);
                var loaded = new LoadedSnapshots.LoadedSnapshot<>(position, state);
                return new LoadedSnapshots<>(Optional.of(loaded), warnings);
            } catch (SnapshotFormat.DamagedException e) {
                warnings.add(
                        new RecoveryWarning.SnapshotSkipped(path, String.valueOf(e.getMessage())));
            }
        }
        return new LoadedSnapshots<>(Optional.empty(), warnings);
    }

    /**
     * A reader that fails on damaged bytes is not to blame for it, so the bytes are verified first.
     */
    private static <T> T read(
            SnapshotReader<T> reader, JournalPosition position, SnapshotFormat.Source source)
            throws IOException {
        T state;
        try {
            state = reader.readFrom(position, source);
        } catch (IOException | RuntimeException e) {
            source.verifyRest();
            throw e;
        }
        source.verifyRest();
        return state;
    }

    /**
     * Opens the newest valid snapshot from an index on as the bytes that it is on disk; for any
     * thread.
     */
    public Optional<StoredSnapshot> openNewest(long fromIndex) throws IOException {
        for (long index : indexesNewestFirst()) {
            Optional<StoredSnapshot> found = index < fromIndex ? Optional.empty() : open(index);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** Opens a snapshot as the bytes that it is on disk; empty if there is no valid one. */
    public Optional<StoredSnapshot> open(long index) throws IOException {
        return StoredSnapshot.open(disk, name(index), index, maxPayloadBytes);
    }

    /** Deletes the snapshots after an index, durably: the entries they stand for are taken back. */
    public void deleteAbove(long index) throws IOException {
        for (long one : indexesNewestFirst()) {
            if (one > index) {
                disk.delete(name(one));
            }
        }
        disk.forceDirectory();
    }

    /**
     * Returns the index of the oldest snapshot kept. {@link Journal#compactBelow} may be given this
     * plus one and no more: then a damaged newest snapshot does not lose anything.
     */
    public OptionalLong oldestIndex() throws IOException {
        List<Long> indexes = indexesNewestFirst();
        return indexes.isEmpty() ? OptionalLong.empty() : OptionalLong.of(indexes.getLast());
    }

    private List<Long> indexesNewestFirst() throws IOException {
        return disk.list().stream()
                .map(NAME::matcher)
                .filter(matcher -> matcher.matches())
                .flatMap(matcher -> parse(matcher.group(1)))
                .sorted(Comparator.reverseOrder())
                .toList();
    }

    private static Stream<Long> parse(String digits) {
        try {
            return Stream.of(Long.valueOf(digits));
        } catch (NumberFormatException e) {
            return Stream.empty();
        }
    }

    private void deleteOld() throws IOException {
        List<Long> indexes = indexesNewestFirst();
        for (long index : indexes.subList(Math.min(KEPT, indexes.size()), indexes.size())) {
            disk.delete(name(index));
        }
        for (String name : disk.list()) {
            if (TEMPORARY_NAME.matcher(name).matches()) {
                disk.delete(name);
            }
        }
        disk.forceDirectory();
    }

    private void deleteQuietly(String name) {
        try {
            disk.delete(name);
        } catch (IOException e) {
            // It was never created, or the disk is broken: the failure being thrown says so
            // already.
        }
    }

    private JournalException describe(String name, IOException cause) {
        String what = "%s: the snapshot was not saved: %s".formatted(path(name), cause);
        try {
            long usable = disk.usableBytes();
            if (usable < BUFFER_BYTES) {
                return new JournalFullException(
                        "%s; disk full: a block needs %d bytes, found %d usable; free space, the snapshots before are whole"
                                .formatted(what, BUFFER_BYTES, usable),
                        cause);
            }
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
        return new JournalException(
                what + "; check the disk, the snapshots before are whole", cause);
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches() || TEMPORARY_NAME.matcher(name).matches();
    }

    static String name(long index) {
        return "snapshot-%020d.snap".formatted(index);
    }

    private String path(String name) {
        return disk.location() + "/" + name;
    }
}
