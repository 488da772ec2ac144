package dev.sluice.control.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The file that names a journal, so that one which was lost and begun anew is not taken for the one
 * that others have acknowledgements of.
 */
final class StoreIdFile {

    static final String NAME = "store-id";

    private static final String TEMPORARY_NAME = NAME + ".tmp";
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{32}");
    private static final int RANDOM_BYTES = 16;

    /** More than a store id needs; a longer file is no store id. */
    private static final int MAX_BYTES = 128;

    private StoreIdFile() {}

    /** Returns 128 random bits in hexadecimal digits: no two journals ever get the same. */
    static String random() {
        byte[] bytes = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /**
     * Reads the file; empty if there is none.
     *
     * @throws JournalException naming what it holds, if that is no store id
     */
    static Optional<String> read(Disk disk) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES);
        try (DiskFile file = disk.openForReading(NAME)) {
            int count = 0;
            while (bytes.hasRemaining() && count >= 0) {
                count = file.read(bytes, bytes.position());
            }
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
        String text = StandardCharsets.ISO_8859_1.decode(bytes.flip()).toString().strip();
        if (!FORM.matcher(text).matches()) {
            throw new JournalException(
                    "%s/%s: expected 32 hexadecimal digits, found \"%s\"; remove the file: the journal then gets another name and is taken in anew"
                            .formatted(disk.location(), NAME, text.replaceAll("[^ -~]", "?")));
        }
        return Optional.of(text);
    }

    /** Names the journal, durably. */
    static String write(Disk disk, Supplier<String> ids) throws IOException {
        String id = ids.get();
        if (!FORM.matcher(id).matches()) {
            throw new IllegalArgumentException("store id: expected 32 hexadecimal digits: " + id);
        }
        try (DiskFile file = disk.create(TEMPORARY_NAME)) {
            file.write(ByteBuffer.wrap((id + "\n").getBytes(StandardCharsets.ISO_8859_1)), 0);
            file.force(true);
        }
        disk.rename(TEMPORARY_NAME, NAME);
        disk.forceDirectory();
        return id;
    }
}
