package dev.sluice.transfer.wire;

import dev.sluice.trust.packages.Sha256;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of one connection into frames. The content in a DATA frame is given on as it
 * comes, so that a relay need not wait for a frame's end; every other frame is given whole.
 *
 * <p>It keeps at most one frame that is not DATA. For one thread.
 */
public final class FrameReader {

    private static final int HEADER_BYTES = 4;
    private static final int MAX_SHOWN = 200;

    private static final int MAX_LENGTH = (1 << Frames.LENGTH_BITS) - 1;

    /** Header or body that is not whole yet. */
    private final ByteBuf kept = Unpooled.buffer(HEADER_BYTES, FrameType.TABLE.maxBody());

    private @Nullable FrameType type;
    private int length;
    private long dataOffset;
    private int dataLeft;

    /**
     * Reads all bytes that are there.
     *
     * @throws WireException on the first frame that is not as it has to be; what came before it was
     *     given to the sink
     */
    public void read(ByteBuf in, FrameSink sink) throws WireException {
        while (in.isReadable() || (type == FrameType.END && dataLeft == 0)) {
            if (dataLeft > 0) {
                streamData(in, sink);
            } else if (isWholeDataHeader(in)) {
                readDataHeader(in);
            } else if (type == null) {
                readHeader(in);
            } else {
                readBody(type, in, sink);
            }
        }
    }

    /** Whether the head of a DATA frame is here in one piece, as nearly all of them are. */
    private boolean isWholeDataHeader(ByteBuf in) {
        return type == null
                && !kept.isReadable()
                && in.readableBytes() >= Frames.DATA_HEADER_BYTES
                && in.getByte(in.readerIndex()) == FrameType.DATA.number();
    }

    private void readDataHeader(ByteBuf in) throws WireException {
        int bodyBytes = in.readInt() & MAX_LENGTH;
        FrameType.DATA.checkLength(bodyBytes);
        dataOffset = in.readLong();
        dataLeft = bodyBytes - Long.BYTES;
    }

    private void readHeader(ByteBuf in) throws WireException {
        if (!collect(in, HEADER_BYTES)) {
            return;
        }
        FrameType found = FrameType.of(kept.readUnsignedByte());
        length = kept.readUnsignedMedium();
        kept.clear();
        found.checkLength(length);
        type = found;
    }

    private void readBody(FrameType current, ByteBuf in, FrameSink sink) throws WireException {
        int wanted = current == FrameType.DATA ? Long.BYTES : length;
        if (!collect(in, wanted)) {
            return;
        }
        type = null;
        try {
            dispatch(current, sink);
        } finally {
            kept.clear();
        }
    }

    private void dispatch(FrameType current, FrameSink sink) throws WireException {
        switch (current) {
            case PULL -> sink.pull(pullRequest());
            case TABLE -> {
                long size = kept.readLong();
                if (kept.readableBytes() == 0 || kept.readableBytes() % Sha256.BYTES != 0) {
                    throw new WireException(
                            "frame TABLE: expected whole hashes of %d bytes, found %d bytes"
                                    .formatted(Sha256.BYTES, kept.readableBytes()));
                }
                sink.table(size, kept);
            }
            case DATA -> {
                dataOffset = kept.readLong();
                dataLeft = length - Long.BYTES;
            }
            case ALIVE -> sink.alive(kept.readLong());
            case RETRACT -> sink.retract(kept.readLong());
            case END -> sink.end();
            case REFUSED ->
                    sink.refused(
                            RefusalCode.of(kept.readUnsignedByte()),
                            printable(kept.readCharSequence(length - 1, StandardCharsets.UTF_8)));
        }
    }

    private PullRequest pullRequest() throws WireException {
        int version = kept.readUnsignedByte();
        if (version != PullRequest.VERSION || length != PullRequest.BODY_BYTES) {
            throw new WireException(
                    "frame PULL: expected version %d with %d bytes, found version %d with %d"
                            .formatted(
                                    PullRequest.VERSION, PullRequest.BODY_BYTES, version, length));
        }
        byte[] content = new byte[Sha256.BYTES];
        kept.readBytes(content);
        long offset = kept.readLong();
        long end = kept.readLong();
        long rate = kept.readLong();
        int flags = kept.readUnsignedByte();
        if (!PullRequest.isPossible(offset, end, rate)) {
            throw new WireException("frame PULL: " + PullRequest.wrong(offset, end, rate));
        }
        return new PullRequest(
                Sha256.of(content), offset, end, rate, (flags & PullRequest.FLAG_TABLE) != 0);
    }

    private void streamData(ByteBuf in, FrameSink sink) throws WireException {
        int count = Math.min(dataLeft, in.readableBytes());
        int after = in.readerIndex() + count;
        sink.data(dataOffset, in, count);
        in.readerIndex(after);
        dataOffset += count;
        dataLeft -= count;
    }

    /** Whether {@code wanted} bytes are together now. */
    private boolean collect(ByteBuf in, int wanted) {
        int missing = wanted - kept.readableBytes();
        kept.writeBytes(in, Math.min(missing, in.readableBytes()));
        return kept.readableBytes() == wanted;
    }

    private static String printable(CharSequence text) {
        String shown = text.toString().replaceAll("[^\\x20-\\x7e]", "?");
        return shown.length() <= MAX_SHOWN ? shown : shown.substring(0, MAX_SHOWN) + "...";
    }
}
