package dev.sluice.control.journal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The bytes of a snapshot, big-endian: magic (8), format version (4), zero (4), index (8), chain
 * hash there (32); then the payload; then its length (8) and the SHA-256 of everything before the
 * hash (32).
 */
final class SnapshotFormat {

    private static final byte[] MAGIC = "SLUICESN".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 56;
    private static final int SHA256_BYTES = 32;
    private static final int TRAILER_BYTES = Long.BYTES + SHA256_BYTES;
    private static final int BUFFER_BYTES = 256 << 10;

    private SnapshotFormat() {}

    /** The snapshot is not what was written. */
    static final class DamagedException extends IOException {
        private static final long serialVersionUID = 1L;

        DamagedException(String expected, String found) {
            super("expected " + expected + ", found " + found);
        }
    }

    /** Writes a snapshot front to back. It expects large pieces: it does not gather small ones. */
    static final class Sink extends OutputStream {

        private final DiskFile file;
        private final String path;
        private final long maxPayloadBytes;
        private final MessageDigest sha256 = newSha256();
        private long end;

        Sink(DiskFile file, String path, long maxPayloadBytes) {
            this.file = file;
            this.path = path;
            this.maxPayloadBytes = maxPayloadBytes;
        }

        void begin(JournalPosition position) throws IOException {
            ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
            header.put(MAGIC).putInt(VERSION).putInt(0).putLong(position.index());
            header.put(position.chainHash().toBytes());
            put(header.flip());
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            long payload = end - HEADER_BYTES + length;
            if (payload > maxPayloadBytes) {
                throw new JournalException(
                        "%s: the snapshot was not saved: expected at most %d bytes, found more; raise the bound"
                                .formatted(path, maxPayloadBytes));
            }
            put(ByteBuffer.wrap(bytes, offset, length));
        }

        void end() throws IOException {
            put(ByteBuffer.allocate(Long.BYTES).putLong(end - HEADER_BYTES).flip());
            file.write(ByteBuffer.wrap(sha256.digest()), end);
        }

        private void put(ByteBuffer bytes) throws IOException {
            int length = bytes.remaining();
            sha256.update(bytes.duplicate());
            file.write(bytes, end);
            end += length;
        }
    }

    /** Reads the payload of a snapshot and verifies it when it ends. */
    static final class Source extends InputStream {

        private final DiskFile file;
        private final long maxPayloadBytes;
        private final long size;
        private final MessageDigest sha256 = newSha256();
        private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).limit(0);
        private long position = HEADER_BYTES;
        private long payloadEnd;

        Source(DiskFile file, long maxPayloadBytes) throws IOException {
            this.file = file;
            this.maxPayloadBytes = maxPayloadBytes;
            this.size = file.size();
        }

        JournalPosition begin(long nameIndex) throws IOException {
            payloadEnd = size - TRAILER_BYTES;
            if (payloadEnd < HEADER_BYTES) {
                throw new DamagedException(
                        "at least " + (HEADER_BYTES + TRAILER_BYTES) + " bytes", size + " bytes");
            }
            if (payloadEnd - HEADER_BYTES > maxPayloadBytes) {
                throw new DamagedException(
                        "at most " + maxPayloadBytes + " bytes of payload", size + " bytes");
            }
            byte[] header = fully(0, HEADER_BYTES);
            ByteBuffer fields = ByteBuffer.wrap(header);
            if (!Arrays.equals(header, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
                throw new DamagedException("a snapshot (magic SLUICESN)", "other bytes");
            }
            if (fields.getInt(8) != VERSION) {
                throw new DamagedException(
                        "format version " + VERSION, "version " + fields.getInt(8));
            }
            if (fields.getLong(16) != nameIndex) {
                throw new DamagedException(
                        "index " + nameIndex + " as in its name", "index " + fields.getLong(16));
            }
            sha256.update(header);
            return new JournalPosition(nameIndex, ChainHash.at(fields, 24));
        }

        @Override
        public int read() throws IOException {
            return fill() ? buffer.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int count = Math.min(length, buffer.remaining());
            buffer.get(target, offset, count);
            return count;
        }

        /** Reads what the reader left over, and compares length and hash. */
        void verifyRest() throws IOException {
            buffer.position(buffer.limit());
            while (fill()) {
                buffer.position(buffer.limit());
            }
            ByteBuffer trailer = ByteBuffer.wrap(fully(payloadEnd, TRAILER_BYTES));
            long length = trailer.getLong(0);
            if (length != payloadEnd - HEADER_BYTES) {
                throw new DamagedException(
                        "a payload of " + (payloadEnd - HEADER_BYTES) + " bytes",
                        "a length of " + length);
            }
            sha256.update(trailer.array(), 0, Long.BYTES);
            if (!Arrays.equals(
                    sha256.digest(), 0, SHA256_BYTES, trailer.array(), Long.BYTES, TRAILER_BYTES)) {
                throw new DamagedException("the SHA-256 of its content", "another one");
            }
        }

        private boolean fill() throws IOException {
            if (buffer.hasRemaining()) {
                return true;
            }
            buffer.clear().limit((int) Math.min(buffer.capacity(), payloadEnd - position));
            if (!buffer.hasRemaining()) {
                return false;
            }
            int count = file.read(buffer, position);
            if (count < 0) {
                throw new DamagedException(size + " bytes", "an end at " + position);
            }
            position += count;
            buffer.flip();
            sha256.update(buffer.duplicate());
            return true;
        }

        private byte[] fully(long offset, int length) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(length);
            while (bytes.hasRemaining()) {
                if (file.read(bytes, offset + bytes.position()) < 0) {
                    throw new DamagedException(
                            size + " bytes", "an end before " + (offset + length));
                }
            }
            return bytes.array();
        }
    }

    private static MessageDigest newSha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
