package dev.sluice.transfer.store;

import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.zip.CRC32C;

/**
 * The file that says which pieces of 1 MiB of a part file are verified and durable. It says so only
 * after the data was forced, so it may be trusted after a crash; one that is torn or that belongs
 * to another content says nothing.
 *
 * <p>Format, big-endian: {@code u32 magic | u64 size | SHA-256 | u32 pieces | bitmap | u32 CRC-32C
 * of all before}; piece n is bit n % 8 of byte n / 8.
 */
final class Progress {

    /** Bytes in a piece. */
    static final int PIECE_BYTES = 1 << 20;

    private static final int MAGIC = 0x534c5031; // SLP1
    private static final int FIXED_BYTES =
            Integer.BYTES + Long.BYTES + Sha256.BYTES + Integer.BYTES + Integer.BYTES;

    private Progress() {}

    static int pieces(long size) {
        return (int) ((size + PIECE_BYTES - 1) / PIECE_BYTES);
    }

    /** Adds the whole pieces of a span that is verified up to an offset, or all of its pieces. */
    static void add(BitSet pieces, Span span, long verified) {
        pieces.set(
                (int) (span.begin() / PIECE_BYTES),
                verified == span.end() ? pieces(span.end()) : (int) (verified / PIECE_BYTES));
    }

    /** Up to where a span is covered from its beginning without a gap. */
    static long verified(Span span, BitSet pieces) {
        int gap = pieces.nextClearBit((int) (span.begin() / PIECE_BYTES));
        return Math.min(span.end(), (long) gap * PIECE_BYTES);
    }

    static void write(Path file, PackageContent content, BitSet pieces) throws IOException {
        int count = pieces(content.size());
        ByteBuffer bytes = ByteBuffer.allocate(FIXED_BYTES + (count + 7) / 8);
        bytes.putInt(MAGIC).putLong(content.size()).put(content.sha256().bytes()).putInt(count);
        bytes.put(Arrays.copyOf(pieces.toByteArray(), (count + 7) / 8));
        bytes.putInt(crc(bytes)).flip();
        NamedFile.replace(file, bytes);
    }

    /** What the file says; nothing when it is missing, torn, or about another content. */
    static BitSet read(Path file, PackageContent content) throws IOException {
        int count = pieces(content.size());
        int expected = FIXED_BYTES + (count + 7) / 8;
        if (!Files.isRegularFile(file) || Files.size(file) != expected) {
            return new BitSet();
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        if (bytes.remaining() != expected) {
            return new BitSet();
        }
        byte[] sha256 = new byte[Sha256.BYTES];
        boolean same =
                bytes.getInt() == MAGIC
                        && bytes.getLong() == content.size()
                        && Arrays.equals(read(bytes, sha256), content.sha256().bytes())
                        && bytes.getInt() == count;
        byte[] bitmap = read(bytes, new byte[(count + 7) / 8]);
        int crc = crc(bytes);
        if (!same || bytes.getInt() != crc) {
            return new BitSet();
        }
        return BitSet.valueOf(bitmap).get(0, count);
    }

    private static byte[] read(ByteBuffer bytes, byte[] into) {
        bytes.get(into);
        return into;
    }

    /** Over everything before the position. */
    private static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().flip());
        return (int) crc.getValue();
    }
}
