package dev.sluice.transfer.patch;

import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.nio.ByteBuffer;

/**
 * The bytes of a patch, as {@code docs/reference/patch.md} says: a header, the leaf table of the
 * target, segments of the target in order, and zeros up to the size that a content may have. Pure.
 */
final class PatchFormat {

    static final int MAGIC = 0x534c4431; // SLD1
    static final int VERSION = 1;

    /** Bytes of the target in a segment; the last may have fewer. */
    static final int SEGMENT_BYTES = 8 << 20;

    /** Segments of so many bytes of the target refer to one range of the base, read once. */
    static final int NEIGHBOURS_BYTES = 4 * SEGMENT_BYTES;

    /** Bytes of the base that a segment may refer to, at most. */
    static final int BASE_BYTES = 64 << 20;

    static final int HEADER_BYTES =
            Integer.BYTES + Integer.BYTES + 2 * (Long.BYTES + Sha256.BYTES) + Integer.BYTES;

    static final int SEGMENT_HEADER_BYTES = Long.BYTES + 3 * Integer.BYTES;

    /** A content's size is a multiple of this. */
    private static final int BLOCK = 512;

    /** The smallest content. */
    private static final int MIN_BYTES = 3 * BLOCK;

    private PatchFormat() {}

    /**
     * From what to what.
     *
     * @param segments how many there are
     */
    record Header(long baseSize, Sha256 base, long targetSize, Sha256 target, int segments) {

        static Header of(PackageContent base, PackageContent target) {
            return new Header(
                    base.size(),
                    base.sha256(),
                    target.size(),
                    target.sha256(),
                    segmentCount(target.size()));
        }

        ByteBuffer encode() {
            ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES);
            bytes.putInt(MAGIC).putInt(VERSION);
            bytes.putLong(baseSize).put(base.bytes());
            bytes.putLong(targetSize).put(target.bytes());
            return bytes.putInt(segments).flip();
        }

        /**
         * A header that is the one expected: what is to be made of what is known before.
         *
         * @throws PatchException saying what differs
         */
        static Header decode(ByteBuffer bytes, PackageContent base, PackageContent target)
                throws PatchException {
            int magic = bytes.getInt();
            int version = bytes.getInt();
            if (magic != MAGIC || version != VERSION) {
                throw new PatchException(
                        "expected a patch of version %d, found magic %08x, version %d"
                                .formatted(VERSION, magic, version));
            }
            Header found =
                    new Header(
                            bytes.getLong(),
                            sha256(bytes),
                            bytes.getLong(),
                            sha256(bytes),
                            bytes.getInt());
            Header expected = of(base, target);
            if (!found.equals(expected)) {
                throw new PatchException("expected %s, found %s".formatted(expected, found));
            }
            return found;
        }

        private static Sha256 sha256(ByteBuffer bytes) {
            byte[] hash = new byte[Sha256.BYTES];
            bytes.get(hash);
            return Sha256.of(hash);
        }
    }

    /** How many segments a target of this size has. */
    static int segmentCount(long targetSize) {
        return (int) ((targetSize + SEGMENT_BYTES - 1) / SEGMENT_BYTES);
    }

    /** Bytes of the target in a segment. */
    static int segmentSize(long targetSize, int index) {
        return (int) Math.min(SEGMENT_BYTES, targetSize - (long) index * SEGMENT_BYTES);
    }

    /**
     * A segment's header.
     *
     * @param baseOffset where in the base the bytes begin that it may refer to
     */
    record Segment(long baseOffset, int baseLength, int targetLength, int compressedLength) {

        /** The part of the base around the same place, for a segment of the target. */
        static Segment around(long baseSize, long targetSize, int index) {
            int length = segmentSize(targetSize, index);
            long first = (long) index * SEGMENT_BYTES / NEIGHBOURS_BYTES * NEIGHBOURS_BYTES;
            long middle = first + Math.min(NEIGHBOURS_BYTES, targetSize - first) / 2;
            int baseLength = (int) Math.min(BASE_BYTES, baseSize);
            long offset = Math.clamp(middle - baseLength / 2, 0, baseSize - baseLength);
            return new Segment(offset, baseLength, length, 0);
        }

        Segment compressedTo(int bytes) {
            return new Segment(baseOffset, baseLength, targetLength, bytes);
        }

        ByteBuffer encode() {
            return ByteBuffer.allocate(SEGMENT_HEADER_BYTES)
                    .putLong(baseOffset)
                    .putInt(baseLength)
                    .putInt(targetLength)
                    .putInt(compressedLength)
                    .flip();
        }

        /**
         * A segment's header within its bounds.
         *
         * @param maxCompressed the most bytes that may follow
         * @throws PatchException saying which bound it breaks
         */
        static Segment decode(ByteBuffer bytes, Header header, int index, long maxCompressed)
                throws PatchException {
            Segment found =
                    new Segment(bytes.getLong(), bytes.getInt(), bytes.getInt(), bytes.getInt());
            boolean inBase =
                    found.baseLength >= 0
                            && found.baseLength <= BASE_BYTES
                            && found.baseOffset >= 0
                            && found.baseOffset <= header.baseSize() - found.baseLength;
            int length = segmentSize(header.targetSize(), index);
            if (!inBase
                    || found.targetLength != length
                    || found.compressedLength <= 0
                    || found.compressedLength > maxCompressed) {
                throw new PatchException(
                        "segment %d: expected %d bytes made of at most %d of %d and of at most %d compressed ones, found %s"
                                .formatted(
                                        index,
                                        length,
                                        BASE_BYTES,
                                        header.baseSize(),
                                        maxCompressed,
                                        found));
            }
            return found;
        }
    }

    /** Zeros behind the last segment. */
    static int padding(long bytes) {
        long padded = Math.max(MIN_BYTES, (bytes + BLOCK - 1) / BLOCK * BLOCK);
        return (int) (padded - bytes);
    }
}
