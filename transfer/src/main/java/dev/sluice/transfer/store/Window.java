package dev.sluice.transfer.store;

import dev.sluice.transfer.memory.TransferMemory;
import dev.sluice.trust.packages.PackageContent;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The newest leaves of a content, in memory: those that are not on disk yet, and up to 1 MiB of
 * those that are, from which others are fed. Guarded by its owner's lock.
 */
final class Window {

    /** Leaves that are kept after they are on disk. */
    static final int KEPT_LEAVES = (1 << 20) / PackageContent.LEAF_SIZE;

    /** Leaves in memory at most, those that wait for the disk included. */
    static final int MAX_LEAVES = 96;

    private final @Nullable Leaf[] leaves = new Leaf[MAX_LEAVES];
    private int newest = -1;

    private record Leaf(int index, ByteBuf bytes) {}

    /** The memory of a leaf, if it is here. */
    @Nullable ByteBuf leaf(int index) {
        Leaf leaf = leaves[index % MAX_LEAVES];
        return leaf != null && leaf.index() == index ? leaf.bytes() : null;
    }

    /**
     * The memory of a leaf, made when it is not here.
     *
     * @param onDisk leaves below this are on disk and may be forgotten
     */
    ByteBuf leafForWriting(int index, int onDisk) {
        ByteBuf there = leaf(index);
        if (there != null) {
            return there;
        }
        Leaf old = leaves[index % MAX_LEAVES];
        if (old != null && old.index() >= onDisk) {
            throw new IllegalStateException(
                    "leaf %d: more than %d leaves wait for the disk; reading was not paused"
                            .formatted(index, MAX_LEAVES));
        }
        if (old != null) {
            old.bytes().release();
        }
        ByteBuf bytes = TransferMemory.aligned(PackageContent.LEAF_SIZE);
        leaves[index % MAX_LEAVES] = new Leaf(index, bytes);
        newest = Math.max(newest, index);
        return bytes;
    }

    /** Forgets what is on disk and older than the window. */
    void forgetOld(int onDisk) {
        int end = Math.min(onDisk, newest - KEPT_LEAVES + 1);
        for (int i = end - 1; i >= 0 && i > end - MAX_LEAVES && leaf(i) != null; i--) {
            drop(i);
        }
    }

    /** Forgets a leaf and all after it. */
    void forgetFrom(int index) {
        for (int i = index; i <= newest; i++) {
            drop(i);
        }
        newest = Math.min(newest, index - 1);
    }

    void forgetAll() {
        for (int i = 0; i < MAX_LEAVES; i++) {
            Leaf leaf = leaves[i];
            if (leaf != null) {
                leaf.bytes().release();
                leaves[i] = null;
            }
        }
        newest = -1;
    }

    private void drop(int index) {
        ByteBuf bytes = leaf(index);
        if (bytes != null) {
            bytes.release();
            leaves[index % MAX_LEAVES] = null;
        }
    }
}
