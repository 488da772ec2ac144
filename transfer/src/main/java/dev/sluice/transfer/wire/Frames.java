package dev.sluice.transfer.wire;

import dev.sluice.trust.packages.Sha256;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes frames: {@code u8 type | u24 length | body}, big-endian. */
public final class Frames {

    /** The protocol's name in ALPN. */
    public static final String PROTOCOL = "sluice-transfer/1";

    /** Content bytes in one DATA frame at most. */
    public static final int MAX_DATA_BYTES = 64 << 10;

    /** Bytes of a DATA frame before the content's. */
    public static final int DATA_HEADER_BYTES = 4 + Long.BYTES;

    /** Content bytes with which a DATA frame fills four TLS records exactly. */
    public static final int FULL_DATA_BYTES = MAX_DATA_BYTES - DATA_HEADER_BYTES;

    /** Leaf hashes in one TABLE frame at most. */
    public static final int MAX_TABLE_HASHES = ((1 << 16) - Long.BYTES) / Sha256.BYTES;

    /** Bytes of a TABLE frame before the hashes. */
    public static final int TABLE_HEADER_BYTES = 4 + Long.BYTES;

    /** Bytes of the largest frame without a body of its own. */
    public static final int MAX_SMALL_FRAME_BYTES = 4 + 1 + 256;

    static final int MAX_TEXT_BYTES = 256;

    /** Of a header, the rest is the type. */
    static final int LENGTH_BITS = 24;

    private Frames() {}

    public static void pull(ByteBuf out, PullRequest request) {
        header(out, FrameType.PULL, PullRequest.BODY_BYTES);
        out.writeByte(PullRequest.VERSION)
                .writeBytes(request.content().bytes())
                .writeLong(request.offset())
                .writeLong(request.end())
                .writeLong(request.bytesPerSecond())
                .writeByte(request.tableWanted() ? PullRequest.FLAG_TABLE : 0);
    }

    /** The head of a TABLE frame; {@code hashBytes} bytes of hashes are to follow. */
    public static void tableHeader(ByteBuf out, long contentSize, int hashBytes) {
        if (hashBytes <= 0
                || hashBytes % Sha256.BYTES != 0
                || hashBytes > MAX_TABLE_HASHES * Sha256.BYTES) {
            throw new IllegalArgumentException("a table frame of %d bytes".formatted(hashBytes));
        }
        header(out, FrameType.TABLE, Long.BYTES + hashBytes);
        out.writeLong(contentSize);
    }

    /** The head of a DATA frame; {@code count} bytes of the content are to follow. */
    public static void dataHeader(ByteBuf out, long offset, int count) {
        if (count <= 0 || count > MAX_DATA_BYTES) {
            throw new IllegalArgumentException("a data frame of %d bytes".formatted(count));
        }
        header(out, FrameType.DATA, Long.BYTES + count);
        out.writeLong(offset);
    }

    public static void alive(ByteBuf out, long offset) {
        header(out, FrameType.ALIVE, Long.BYTES);
        out.writeLong(offset);
    }

    public static void retract(ByteBuf out, long offset) {
        header(out, FrameType.RETRACT, Long.BYTES);
        out.writeLong(offset);
    }

    public static void end(ByteBuf out) {
        header(out, FrameType.END, 0);
    }

    /** A refusal; a longer text is cut. */
    public static void refused(ByteBuf out, RefusalCode code, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_TEXT_BYTES) {
            bytes = Arrays.copyOf(bytes, MAX_TEXT_BYTES);
        }
        header(out, FrameType.REFUSED, 1 + bytes.length);
        out.writeByte(code.number()).writeBytes(bytes);
    }

    private static void header(ByteBuf out, FrameType type, int length) {
        out.writeInt(type.number() << LENGTH_BITS | length);
    }
}
