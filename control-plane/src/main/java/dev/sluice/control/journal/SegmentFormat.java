package dev.sluice.control.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The name and the fixed header of a segment file, big-endian: magic (8), format version (4), zero
 * (4), first index (8), chain hash before it (32), zero (4), CRC32C of the 60 bytes before (4).
 * Records follow.
 */
final class SegmentFormat {

    static final int HEADER_BYTES = 64;
    static final int VERSION = 1;

    private static final byte[] MAGIC = "SLUICEJL".getBytes(StandardCharsets.US_ASCII);
    private static final int CRC_AT = 60;
    private static final Pattern NAME = Pattern.compile("(\\d{20})\\.log");
    private static final Pattern TEMPORARY_NAME = Pattern.compile("\\d{20}\\.log\\.tmp");

    private SegmentFormat() {}

    static String name(long firstIndex) {
        return "%020d.log".formatted(firstIndex);
    }

    static String temporaryName(long firstIndex) {
        return name(firstIndex) + ".tmp";
    }

    static boolean isTemporaryName(String name) {
        return TEMPORARY_NAME.matcher(name).matches();
    }

    /** Returns the first index in the name, or empty if it is not a segment's name. */
    static OptionalLong firstIndex(String name) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(matcher.group(1)));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** Returns the header of the segment which goes on after the position. */
    static ByteBuffer header(JournalPosition before) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        header.put(MAGIC).putInt(VERSION).putInt(0).putLong(before.index() + 1);
        header.put(before.chainHash().toBytes()).putInt(0);
        return header.putInt(crc(header, 0)).flip();
    }

    /**
     * Reads the header and returns the position before the first entry, or refuses with what is
     * wrong.
     */
    static JournalPosition readHeader(WindowReader reader, String path, long nameIndex)
            throws IOException {
        if (reader.size() < HEADER_BYTES) {
            throw corrupt(
                    path, 0, "a header of " + HEADER_BYTES + " bytes", reader.size() + " bytes");
        }
        int at = reader.load(0, HEADER_BYTES);
        ByteBuffer buffer = reader.buffer();
        if (!buffer.slice(at, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
            throw corrupt(path, 0, "a journal segment (magic SLUICEJL)", "other bytes");
        }
        int version = buffer.getInt(at + 8);
        if (version != VERSION) {
            throw new JournalCorruptException(
                    path,
                    8,
                    "format version " + VERSION,
                    "version " + version,
                    "If a newer release wrote it, start that release.");
        }
        if (buffer.getInt(at + CRC_AT) != crc(buffer, at)) {
            throw corrupt(path, CRC_AT, "the CRC32C of the header", "another one");
        }
        long first = buffer.getLong(at + 16);
        if (first != nameIndex || first < 1) {
            throw corrupt(
                    path, 16, "first index " + nameIndex + " as in the file's name", "" + first);
        }
        return new JournalPosition(first - 1, ChainHash.at(buffer, at + 24));
    }

    private static int crc(ByteBuffer buffer, int at) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.slice(at, CRC_AT));
        return (int) crc.getValue();
    }

    /** Returns the refusal that sends the operator to the other master's copy or a backup. */
    static JournalCorruptException corrupt(
            String path, long offset, String expected, String found) {
        return new JournalCorruptException(
                path,
                offset,
                expected,
                found,
                "Keep a copy of the directory, check the disk, then restore this file from a backup or resync this"
                        + " master from its peer.");
    }
}
