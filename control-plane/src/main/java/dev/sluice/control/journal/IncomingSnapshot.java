package dev.sluice.control.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * A snapshot on its way from another master, in a directory of its own: what has arrived, and what
 * it has to become. A transfer that was interrupted, by a crash too, goes on where it was; nothing
 * is used before all of it has the right SHA-256. Owned by one thread.
 */
public final class IncomingSnapshot {

    static final String PART = "snapshot.part";
    private static final String OFFER = "snapshot.offer";
    private static final String OFFER_TEMPORARY = OFFER + ".tmp";
    private static final int OFFER_FIELDS = 4;
    private static final int MAX_OFFER_BYTES = 1024;

    private final Disk disk;

    /**
     * What is being transferred.
     *
     * @param position the last entry that it includes
     * @param totalBytes the size of the file
     * @param sha256 of the whole file, in hexadecimal digits
     */
    public record Offer(JournalPosition position, long totalBytes, String sha256) {}

    public IncomingSnapshot(Disk disk) {
        this.disk = disk;
    }

    /** What is being transferred; empty: nothing. */
    public Optional<Offer> offer() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(MAX_OFFER_BYTES);
        try (DiskFile file = disk.openForReading(OFFER)) {
            int count = 0;
            while (bytes.hasRemaining() && count >= 0) {
                count = file.read(bytes, bytes.position());
            }
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
        String text = StandardCharsets.ISO_8859_1.decode(bytes.flip()).toString().strip();
        List<String> fields = List.of(text.split(" ", -1));
        if (fields.size() != OFFER_FIELDS) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new Offer(
                            new JournalPosition(
                                    Long.parseLong(fields.get(0)),
                                    ChainHash.of(HexFormat.of().parseHex(fields.get(1)))),
                            Long.parseLong(fields.get(2)),
                            fields.get(3)));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /** How many bytes of it have arrived. */
    public long arrived() throws IOException {
        try (DiskFile file = disk.openForReading(PART)) {
            return file.size();
        } catch (NoSuchFileException _) {
            return 0;
        }
    }

    /** Begins another transfer; what has arrived of an earlier one is dropped. */
    public void begin(Offer offer) throws IOException {
        discard();
        String text =
                "%d %s %d %s%n"
                        .formatted(
                                offer.position().index(),
                                offer.position().chainHash(),
                                offer.totalBytes(),
                                offer.sha256());
        try (DiskFile file = disk.create(OFFER_TEMPORARY)) {
            file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)), 0);
            file.force(true);
        }
        disk.create(PART).close();
        disk.rename(OFFER_TEMPORARY, OFFER);
        disk.forceDirectory();
    }

    /** Adds the bytes that come next. */
    public void add(byte[] bytes) throws IOException {
        try (DiskFile file = disk.openForWriting(PART)) {
            file.write(ByteBuffer.wrap(bytes), file.size());
        }
    }

    /** Whether all of it has arrived, and is what was offered. */
    public boolean isWhole() throws IOException {
        Optional<Offer> offer = offer();
        if (offer.isEmpty() || arrived() != offer.get().totalBytes()) {
            return false;
        }
        try (DiskFile file = disk.openForReading(PART)) {
            byte[] found = StoredSnapshot.sha256(file, file.size());
            return Arrays.equals(
                    offer.get().sha256().getBytes(StandardCharsets.ISO_8859_1),
                    HexFormat.of().formatHex(found).getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    /** Drops what has arrived. */
    public void discard() throws IOException {
        List<String> names = disk.list();
        for (String name : List.of(OFFER, OFFER_TEMPORARY, PART)) {
            if (names.contains(name)) {
                disk.delete(name);
            }
        }
        disk.forceDirectory();
    }

    Disk disk() {
        return disk;
    }
}
