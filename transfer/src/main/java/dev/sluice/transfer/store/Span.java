package dev.sluice.transfer.store;

import dev.sluice.trust.packages.PackageContent;
import java.util.List;

/**
 * A part of a content that is pulled from one source at a time: all of it, or one of two halves,
 * each of which runs down a tree of its own.
 *
 * @param begin its first byte, a multiple of 1 MiB
 * @param end after its last byte, a multiple of 1 MiB or the content's end
 */
public record Span(long begin, long end) {

    /**
     * Contents that are smaller have no halves: a second connection would cost more than it gives.
     */
    public static final long TWO_FROM_BYTES = 4L << 20;

    public Span {
        if (begin < 0 || begin % Progress.PIECE_BYTES != 0 || end <= begin) {
            throw new IllegalArgumentException(
                    "span from %d to %d: expected a beginning that is a multiple of %d, and an end after it"
                            .formatted(begin, end, Progress.PIECE_BYTES));
        }
    }

    /** All of a content as one span. */
    public static List<Span> whole(PackageContent content) {
        return List.of(new Span(0, content.size()));
    }

    /** The halves of a content, in order; of a small one there is only one. */
    public static List<Span> halves(PackageContent content) {
        long size = content.size();
        if (!isSplit(size)) {
            return whole(content);
        }
        long middle = size / 2 - size / 2 % Progress.PIECE_BYTES;
        return List.of(new Span(0, middle), new Span(middle, size));
    }

    /** Whether a content of a size has two halves. */
    public static boolean isSplit(long size) {
        return size >= TWO_FROM_BYTES;
    }

    /** Bytes in it. */
    public long size() {
        return end - begin;
    }

    boolean contains(long offset) {
        return offset >= begin && offset < end;
    }
}
