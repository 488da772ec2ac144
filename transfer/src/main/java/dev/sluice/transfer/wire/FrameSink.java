package dev.sluice.transfer.wire;

import io.netty.buffer.ByteBuf;

/**
 * Takes the frames of one connection, in order. What a side does not expect is refused by default.
 */
public interface FrameSink {

    default void pull(PullRequest request) throws WireException {
        throw unexpected("PULL");
    }

    /**
     * A part of the leaf table.
     *
     * @param hashes whole hashes, at least one; lent for the call
     */
    default void table(long contentSize, ByteBuf hashes) throws WireException {
        throw unexpected("TABLE");
    }

    /**
     * Bytes of the content, as they come: a frame may be given in several pieces.
     *
     * @param bytes of which the next {@code count} are meant, and have to be read; lent for the
     *     call
     */
    default void data(long offset, ByteBuf bytes, int count) throws WireException {
        throw unexpected("DATA");
    }

    default void alive(long offset) throws WireException {
        throw unexpected("ALIVE");
    }

    default void retract(long offset) throws WireException {
        throw unexpected("RETRACT");
    }

    default void end() throws WireException {
        throw unexpected("END");
    }

    default void refused(RefusalCode code, String text) throws WireException {
        throw unexpected("REFUSED");
    }

    private static WireException unexpected(String frame) {
        return new WireException("frame %s: not expected from this side".formatted(frame));
    }
}
