package dev.sluice.transfer.store;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Consecutive verified leaves that are not in the file yet. For one thread. */
final class LeafBatch {

    /**
     * Leaves that are written at once: 1 MiB. Each write wakes a thread and the disk, which costs
     * more than the bytes do.
     */
    static final int MOST_LEAVES = 16;

    private final List<Leaf> leaves = new ArrayList<>(MOST_LEAVES);

    private long offset;

    private record Leaf(ByteBuf bytes, int size) {}

    boolean isEmpty() {
        return leaves.isEmpty();
    }

    boolean isFull() {
        return leaves.size() >= MOST_LEAVES;
    }

    /** Adds the next leaf, which begins at an offset of the content, and retains it. */
    void add(long at, ByteBuf bytes, int size) {
        if (leaves.isEmpty()) {
            offset = at;
        }
        leaves.add(new Leaf(bytes.retain(), size));
    }

    /** Writes all of them; they are gone then, written or not. */
    void writeTo(PartFile file, int span) throws IOException {
        try {
            List<ByteBuffer> all = new ArrayList<>(leaves.size());
            for (Leaf leaf : leaves) {
                all.add(leaf.bytes().nioBuffer(0, leaf.size()));
            }
            file.write(span, offset, all);
        } finally {
            leaves.forEach(leaf -> leaf.bytes().release());
            leaves.clear();
        }
    }
}
