package dev.sluice.control.journal;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32C;

/**
 * The bytes of one record, big-endian: mark and size (4), CRC32C of all other bytes (4), index (8),
 * the index up to which the journal was durable when this was written (8), chain hash (32),
 * payload.
 *
 * <p>The mark keeps the first byte from being zero, so zeros always mean "never written". The
 * durable index lets recovery tell a torn write from corruption: see {@link TornTail}.
 */
final class RecordFormat {

    static final int HEADER_BYTES = 56;
    static final int LARGEST_RECORD_BYTES = HEADER_BYTES + JournalOptions.LARGEST_ENTRY_BYTES;

    private static final int MARK = 0xB000_0000;
    private static final int MARK_MASK = 0xF800_0000;
    private static final int CRC_AT = 4;
    private static final int INDEX_AT = 8;
    private static final int DURABLE_AT = 16;
    private static final int CHAIN_AT = 24;

    private RecordFormat() {}

    static int recordBytes(byte[] payload) {
        return HEADER_BYTES + payload.length;
    }

    /** Fills the buffer with the header of a record. */
    static void encodeHeader(
            ByteBuffer header, long index, long durable, byte[] chain, byte[] payload) {
        header.clear();
        header.putInt(MARK | recordBytes(payload))
                .putInt(0)
                .putLong(index)
                .putLong(durable)
                .put(chain);
        CRC32C crc = new CRC32C();
        crc.update(header.slice(0, CRC_AT));
        crc.update(header.slice(INDEX_AT, HEADER_BYTES - INDEX_AT));
        crc.update(payload);
        header.putInt(CRC_AT, (int) crc.getValue()).flip();
    }

    /** Returns the size of the record that begins here, or -1 if no record does. */
    static int size(ByteBuffer buffer, int at) {
        int word = buffer.getInt(at);
        int size = word & ~MARK_MASK;
        boolean plausible =
                (word & MARK_MASK) == MARK && size >= HEADER_BYTES && size <= LARGEST_RECORD_BYTES;
        return plausible ? size : -1;
    }

    static boolean crcMatches(ByteBuffer buffer, int at, int size) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.slice(at, CRC_AT));
        crc.update(buffer.slice(at + INDEX_AT, size - INDEX_AT));
        return (int) crc.getValue() == buffer.getInt(at + CRC_AT);
    }

    static long index(ByteBuffer buffer, int at) {
        return buffer.getLong(at + INDEX_AT);
    }

    static long durable(ByteBuffer buffer, int at) {
        return buffer.getLong(at + DURABLE_AT);
    }

    static ChainHash chain(ByteBuffer buffer, int at) {
        return ChainHash.at(buffer, at + CHAIN_AT);
    }

    static byte[] payload(ByteBuffer buffer, int at, int size) {
        byte[] payload = new byte[size - HEADER_BYTES];
        buffer.get(at + HEADER_BYTES, payload);
        return payload;
    }

    /**
     * The running chain hash: each is SHA-256 of the one before, the entry's index and its payload.
     */
    static final class Chain {

        private final MessageDigest sha256;
        private final byte[] current = new byte[ChainHash.BYTES];
        private final byte[] indexBytes = new byte[Long.BYTES];

        Chain(ChainHash start) {
            try {
                sha256 = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
            reset(start);
        }

        void reset(ChainHash start) {
            System.arraycopy(start.toBytes(), 0, current, 0, current.length);
        }

        /**
         * Goes on by one entry and returns the hash after it: the chain's own array, to be read
         * only at once.
         */
        byte[] next(long index, ByteBuffer payload) {
            ByteBuffer.wrap(indexBytes).putLong(index);
            sha256.update(current);
            sha256.update(indexBytes);
            sha256.update(payload);
            try {
                sha256.digest(current, 0, current.length);
            } catch (DigestException e) {
                throw new IllegalStateException("SHA-256 has " + current.length + " bytes", e);
            }
            return current;
        }

        /** Goes on by the record and returns whether its stored chain hash is the right one. */
        boolean nextMatches(ByteBuffer buffer, int at, int size) {
            next(index(buffer, at), buffer.slice(at + HEADER_BYTES, size - HEADER_BYTES));
            return ByteBuffer.wrap(current).equals(buffer.slice(at + CHAIN_AT, ChainHash.BYTES));
        }

        ChainHash value() {
            return ChainHash.of(current);
        }
    }
}
