package dev.sluice.transfer.wire;

import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import io.netty.buffer.ByteBuf;

/**
 * What a source may send when: the table first when it was asked for and exactly as large as the
 * content's, then bytes in order and without a gap, never more than were asked for. Everything
 * legal is given to the next sink.
 *
 * <p>A leaf whose last byte was sent is vouched for: only the leaf that is under way can be taken
 * back. For one thread.
 */
public final class SourceFrames implements FrameSink {

    private final PackageContent content;
    private final FrameSink next;
    private final long end;
    private long tableBytesLeft;
    private long position;
    private boolean ended;

    public SourceFrames(PackageContent content, PullRequest request, FrameSink next) {
        this.content = content;
        this.next = next;
        this.tableBytesLeft = request.tableWanted() ? (long) content.leafCount() * Sha256.BYTES : 0;
        this.position = request.offset();
        this.end = request.end();
    }

    @Override
    public void table(long contentSize, ByteBuf hashes) throws WireException {
        open("TABLE");
        if (contentSize != content.size()) {
            throw new WireException(
                    "frame TABLE: expected one for %d bytes of content, found one for %d"
                            .formatted(content.size(), contentSize));
        }
        if (hashes.readableBytes() > tableBytesLeft) {
            throw new WireException(
                    "frame TABLE: expected at most %d more bytes of the table, found %d"
                            .formatted(tableBytesLeft, hashes.readableBytes()));
        }
        tableBytesLeft -= hashes.readableBytes();
        next.table(contentSize, hashes);
    }

    @Override
    public void data(long offset, ByteBuf bytes, int count) throws WireException {
        open("DATA");
        if (tableBytesLeft > 0) {
            throw new WireException(
                    "frame DATA: expected %d more bytes of the table first"
                            .formatted(tableBytesLeft));
        }
        if (offset != position) {
            throw new WireException(
                    "frame DATA: expected the bytes at offset %d, found those at %d"
                            .formatted(position, offset));
        }
        if (count > end - position) {
            throw new WireException(
                    "frame DATA: expected the content up to offset %d, found more".formatted(end));
        }
        position += count;
        next.data(offset, bytes, count);
    }

    @Override
    public void alive(long offset) throws WireException {
        if (offset < 0 || offset > content.size()) {
            throw new WireException(
                    "frame ALIVE: expected an offset of 0 to %d, found %d"
                            .formatted(content.size(), offset));
        }
        next.alive(offset);
    }

    @Override
    public void retract(long offset) throws WireException {
        open("RETRACT");
        long leaf = position - position % PackageContent.LEAF_SIZE;
        if (offset != leaf || offset == position || position == end) {
            throw new WireException(
                    "frame RETRACT: expected the leaf that is under way at %d, found %d"
                            .formatted(position, offset));
        }
        position = offset;
        next.retract(offset);
    }

    @Override
    public void end() throws WireException {
        open("END");
        if (position != end) {
            throw new WireException(
                    "frame END: expected the content up to offset %d, found it up to %d"
                            .formatted(end, position));
        }
        ended = true;
        next.end();
    }

    @Override
    public void refused(RefusalCode code, String text) throws WireException {
        next.refused(code, text);
    }

    private void open(String frame) throws WireException {
        if (ended) {
            throw new WireException("frame %s: found after END".formatted(frame));
        }
    }
}
