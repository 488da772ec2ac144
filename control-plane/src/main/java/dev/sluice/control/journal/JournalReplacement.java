package dev.sluice.control.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Another journal in the place of one that is given up: it begins after a snapshot, under a new
 * store id.
 *
 * <p>{@link #prepare} copies everything of the old one to an archive and the snapshot beside it,
 * durably; {@link #decide} gives the snapshot its name, and from then on the old journal is over:
 * {@link #finish} does the rest, and is called again when the program opens a journal. A crash
 * leaves the old journal or leads to the new one, and nothing in between.
 */
public final class JournalReplacement {

    private static final int BUFFER_BYTES = 256 << 10;
    private static final Pattern NAME = Pattern.compile("incoming-(\\d{20})\\.snap");
    private static final Pattern TEMPORARY_NAME = Pattern.compile("incoming-\\d{20}\\.snap\\.tmp");

    private final Disk disk;
    private @Nullable String prepared;

    public JournalReplacement(Disk disk) {
        this.disk = disk;
    }

    /**
     * Archives the journal and puts the snapshot beside it. The journal may be open, but nothing
     * may be appended to it meanwhile. A failure leaves it as it was.
     *
     * @param snapshot which has arrived
     * @param storeId of the journal that is given up
     */
    public void prepare(IncomingSnapshot snapshot, Disk archive, String storeId)
            throws IOException {
        IncomingSnapshot.Offer offer =
                snapshot.offer()
                        .orElseThrow(() ->
                                new IllegalStateException(
                                        disk.location() + ": no snapshot has arrived"));
        for (String name : disk.list()) {
            if (SegmentFormat.firstIndex(name).isPresent()
                    || SnapshotStore.isName(name)
                    || name.equals(StoreIdFile.NAME)) {
                copy(disk, name, archive, "replaced-%s-%s".formatted(storeId, name));
            }
        }
        archive.forceDirectory();
        String name = name(offer.position().index());
        write(snapshot.disk(), IncomingSnapshot.PART, disk, name + ".tmp");
        requireSame(name + ".tmp", offer);
        prepared = name;
    }

    private void requireSame(String name, IncomingSnapshot.Offer offer) throws IOException {
        try (DiskFile file = disk.openForReading(name)) {
            String found = HexFormat.of().formatHex(StoredSnapshot.sha256(file, file.size()));
            if (!found.equals(offer.sha256())) {
                throw new JournalException(
                        "%s/%s: expected a snapshot with SHA-256 %s, found %s; it is fetched anew"
                                .formatted(disk.location(), name, offer.sha256(), found));
            }
        }
    }

    /**
     * Ends the old journal for good.
     *
     * @throws IOException when it is open which of the two it will be after a restart: nothing may
     *     be appended any more
     */
    public void decide() throws IOException {
        String name = prepared;
        if (name == null) {
            throw new IllegalStateException(disk.location() + ": nothing is prepared");
        }
        disk.rename(name + ".tmp", name);
        disk.forceDirectory();
    }

    /**
     * Makes the new journal if a replacement was prepared; does nothing otherwise.
     *
     * @param ids gives the new journal its store id
     * @throws JournalLockedException if somebody has the journal open
     * @throws JournalException if the snapshot can't be used; nothing has been changed then
     */
    public void finish(JournalOptions options, Supplier<String> ids, long maxSnapshotBytes)
            throws IOException {
        if (disk.list().stream().noneMatch(name -> isIncoming(name) || isTemporary(name))) {
            return;
        }
        Optional<Closeable> lock = disk.tryLock(Journal.LOCK_FILE);
        if (lock.isEmpty()) {
            throw new JournalLockedException(disk.location(), Journal.LOCK_FILE);
        }
        try (Closeable _ = lock.get()) {
            for (String name : disk.list()) {
                if (isTemporary(name)) {
                    disk.delete(name);
                } else if (isIncoming(name)) {
                    Matcher matcher = NAME.matcher(name);
                    boolean _ = matcher.matches();
                    replace(Long.parseLong(matcher.group(1)), options, ids, maxSnapshotBytes);
                }
            }
        }
    }

    private static boolean isIncoming(String name) {
        return NAME.matcher(name).matches();
    }

    private static boolean isTemporary(String name) {
        return TEMPORARY_NAME.matcher(name).matches();
    }

    private void replace(
            long index, JournalOptions options, Supplier<String> ids, long maxSnapshotBytes)
            throws IOException {
        JournalPosition position;
        try (StoredSnapshot snapshot =
                StoredSnapshot.open(disk, name(index), index, maxSnapshotBytes)
                        .orElseThrow(() ->
                                new JournalException(
                                        "%s/%s: expected the snapshot that a new journal begins with, found it damaged; remove it: what the directory held before is in the archive"
                                                .formatted(disk.location(), name(index))))) {
            position = snapshot.position();
        }
        for (String name : disk.list()) {
            if (SegmentFormat.firstIndex(name).isPresent()
                    || SegmentFormat.isTemporaryName(name)
                    || SnapshotStore.isName(name)) {
                disk.delete(name);
            }
        }
        disk.forceDirectory();
        String _ = StoreIdFile.write(disk, ids);
        SegmentWriter.create(disk, Segment.after(position), options, SegmentWriter.newBuffer())
                .close();
        disk.rename(name(index), SnapshotStore.name(index));
        disk.forceDirectory();
    }

    /** Copies a file, so that it appears under its name only when all of it is durable. */
    private static void copy(Disk from, String name, Disk to, String as) throws IOException {
        write(from, name, to, as + ".tmp");
        to.rename(as + ".tmp", as);
    }

    private static void write(Disk from, String name, Disk to, String as) throws IOException {
        try (DiskFile source = from.openForReading(name);
                DiskFile target = to.create(as)) {
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
            long at = 0;
            for (int count = source.read(buffer, at);
                    count >= 0;
                    count = source.read(buffer.clear(), at)) {
                target.write(buffer.flip(), at);
                at += count;
            }
            target.force(true);
        }
    }

    private static String name(long index) {
        return "incoming-%020d.snap".formatted(index);
    }
}
