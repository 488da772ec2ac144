package dev.sluice.transfer.store;

import io.netty.buffer.ByteBuf;
import java.util.List;

/** What a growing content's keeper has to do next. */
sealed interface KeeperJob {

    /** Write the table, which is verified. */
    record Table() implements KeeperJob {}

    /** Write leaves of a span, in their order. */
    record WholeLeaves(GrowingSpan span, List<WholeLeaf> leaves) implements KeeperJob {}

    /**
     * Write a leaf that was fed to its end.
     *
     * @param bytes retained for the keeper
     * @param epoch of the feed; a leaf of an older one does not count unless it is sure
     * @param sure whether it was verified on the way; otherwise it is to be judged first
     */
    record WholeLeaf(int index, ByteBuf bytes, int epoch, boolean sure) {}

    /** Run this when everything before is judged and in the file. */
    record Marker(GrowingSpan span, Runnable then) implements KeeperJob {}

    /** End. */
    record Stop() implements KeeperJob {}
}
