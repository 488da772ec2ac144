package dev.sluice.transfer.store;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.PackageContent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A span of a content that is being received. One feeder puts bytes in, in order, and verifies each
 * leaf on the way; the content's keeper writes what is verified to disk, and judges what could not
 * be: a leaf that came before the table, or that is wrong.
 *
 * <p>The last byte of a leaf is held back from readers until the leaf is verified. So whoever sends
 * a whole leaf vouches for it, and a relay is never blamed for what another one did. A leaf that is
 * wrong is taken back from all readers.
 */
public final class GrowingSpan {

    private static final int LEAF = PackageContent.LEAF_SIZE;

    private final PackageContent content;
    private final int place;
    private final Span span;
    private final PartFile part;
    private final Readers readers;
    private final BlockingQueue<KeeperJob> jobs;

    /** So many whole leaves may wait for the keeper; from here on the feeder is to pause. */
    private final int pauseLeaves;

    /** The keeper's. */
    private final LeafBatch toWrite = new LeafBatch();

    private final Object lock = new Object();

    // Guarded by the lock.
    private final Window window = new Window();
    private @Nullable Feed feed;

    /** Leaves that were fed to their end and that the keeper does not know of yet. */
    private final List<KeeperJob.WholeLeaf> whole = new ArrayList<>();

    private boolean allSure = true;

    /** Where the feeder's next byte belongs. */
    private long position;

    /** Grows when a leaf was wrong: whole leaves that wait from before are void. */
    private int epoch;

    private boolean keeperGone;

    // Written under the lock.
    private volatile long received;
    private volatile long vouched;
    private volatile long written;
    private final AtomicInteger waitingLeaves = new AtomicInteger();

    /** Those who read the content, in whichever span. */
    interface Readers {

        /** There is more of a span, or something of it was taken back. */
        void wake(Span span);

        /** What was read of a span from an offset on is to be forgotten; under the span's lock. */
        void takeBack(Span span, long offset);

        /** There is more of the table, or something of it was wrong. */
        void wakeForTable();

        /** The table that this span's source sent was not the content's. */
        void wrongTable(GrowingSpan from, String reason);
    }

    GrowingSpan(
            PackageContent content,
            int place,
            Span span,
            PartFile part,
            Readers readers,
            BlockingQueue<KeeperJob> jobs,
            int pauseLeaves) {
        this.content = content;
        this.place = place;
        this.span = span;
        this.part = part;
        this.readers = readers;
        this.jobs = jobs;
        this.pauseLeaves = pauseLeaves;
        this.position = part.verified(place);
        this.received = position;
        this.vouched = position;
        this.written = position;
    }

    /** Which part of the content it is. */
    public Span span() {
        return span;
    }

    /** Everything of the span below is verified and in the file. */
    public long verified() {
        return written;
    }

    /** Whether all of it is verified and in the file. */
    public boolean isComplete() {
        return written == span.end();
    }

    // The feeder's side.

    /** Runs, by the keeper, when everything that was fed until now is judged. */
    public void whenSettled(Runnable then) {
        settle();
        jobs.add(new KeeperJob.Marker(this, then));
    }

    /** Begins to feed from another source; settled before. */
    public Feed beginFeed() {
        synchronized (lock) {
            position = vouched;
            Feed begun = new Feed(position);
            feed = begun;
            return begun;
        }
    }

    /** What is fed from now on is dropped. */
    public void endFeed() {
        synchronized (lock) {
            feed = null;
            lock.notifyAll();
        }
    }

    /**
     * What one source gives. Once that source is left, whatever it still gives is dropped: whoever
     * feeds may be in the middle of it.
     */
    public final class Feed {
        private final long offset;

        private Feed(long offset) {
            this.offset = offset;
        }

        /** Where the first byte belongs. */
        public long offset() {
            return offset;
        }

        /** Takes the source's whole table. */
        public void table(byte[] encoded) {
            table(0, ByteBuffer.wrap(encoded));
        }

        /**
         * Takes the next part of the source's table, in whole hashes, which are read.
         *
         * @param at where in the table it begins
         */
        public void table(int at, ByteBuffer hashes) {
            synchronized (lock) {
                if (feed != this) {
                    hashes.position(hashes.limit());
                    return;
                }
            }
            try {
                if (part.table().put(at, hashes)) {
                    jobs.add(new KeeperJob.Table());
                }
                readers.wakeForTable();
            } catch (InvalidPackageException e) {
                wrongTable(String.valueOf(e.getMessage()));
            }
        }

        /** Nothing of this feed counts that is not vouched for. */
        private void wrongTable(String reason) {
            synchronized (lock) {
                if (feed != this) {
                    return;
                }
                epoch++;
                forgetFrom(vouched);
            }
            readers.wrongTable(GrowingSpan.this, reason);
        }

        /** Takes the next bytes of the span, which are read. */
        public void data(ByteBuf bytes, int count) {
            synchronized (lock) {
                if (feed != this) {
                    bytes.skipBytes(count);
                    return;
                }
                for (int left = count; left > 0; ) {
                    left -= feedIntoLeaf(bytes, left);
                }
            }
        }

        /** The source took back the leaf that is under way. */
        public void retract(long from) {
            synchronized (lock) {
                if (feed != this || from < vouched) {
                    return;
                }
                forgetFrom(from);
                feed = this;
            }
            readers.wake(span);
        }

        /** Waits while more leaves wait for the keeper than should. */
        public void awaitRoom() throws InterruptedException {
            synchronized (lock) {
                while (feed == this && !keeperGone && isFull()) {
                    lock.wait();
                }
            }
        }
    }

    /** What was fed until now is for the readers, and for the keeper where it is enough. */
    public void share() {
        giveWhole(LeafBatch.MOST_LEAVES);
        readers.wake(span);
    }

    /** Gives the keeper what it does not have, however little. */
    public void settle() {
        giveWhole(1);
    }

    private void giveWhole(int least) {
        synchronized (lock) {
            boolean pressing = position == span.end() || !allSure;
            if (whole.size() >= (pressing ? 1 : least)) {
                allSure = true;
                jobs.add(new KeeperJob.WholeLeaves(this, List.copyOf(whole)));
                whole.clear();
            }
        }
    }

    private int feedIntoLeaf(ByteBuf bytes, int count) {
        int index = (int) (position / LEAF);
        int at = (int) (position % LEAF);
        int size = content.sizeOfLeaf(index);
        int fits = Math.min(count, size - at);
        ByteBuf leaf = window.leafForWriting(index, (int) (written / LEAF));
        int known = (int) Math.min(fits, Math.max(0, received - position));
        if (known > 0 && !ByteBufUtil.equals(leaf, at, bytes, bytes.readerIndex(), known)) {
            // Two sources differ in a leaf that is not whole: what readers have of it may be wrong.
            received = position;
            readers.takeBack(span, position - at);
        }
        bytes.readBytes(leaf.setIndex(0, at), fits);
        position += fits;
        received = Math.max(received, position);
        if (at + fits == size) {
            completed(index, leaf);
        }
        return fits;
    }

    /**
     * Vouches at once for a leaf that is right and comes next: its bytes were just in the
     * processor's cache. One that is not, or whose table is not known yet, is the keeper's to
     * judge.
     */
    private void completed(int index, ByteBuf leaf) {
        long offset = (long) index * LEAF;
        LeafTable known = part.table().verified().orElse(null);
        boolean sure =
                vouched == offset
                        && known != null
                        && known.matches(
                                index, leaf.internalNioBuffer(0, content.sizeOfLeaf(index)));
        if (sure) {
            vouched = position;
        }
        var _ = waitingLeaves.incrementAndGet();
        allSure &= sure;
        whole.add(new KeeperJob.WholeLeaf(index, leaf.retain(), epoch, sure));
    }

    /** Whether the feeder is to pause until {@link Feed#awaitRoom} returns. */
    public boolean isFull() {
        return waitingLeaves.get() >= pauseLeaves;
    }

    // The keeper's side.

    boolean hasToWrite() {
        return !toWrite.isEmpty();
    }

    /**
     * Takes a leaf that was fed to its end, for the next write.
     *
     * @param wrong told where it begins when it is not what the table says
     * @return whether it is time to write
     */
    boolean take(KeeperJob.WholeLeaf leaf, LongConsumer wrong) {
        int size = content.sizeOfLeaf(leaf.index());
        long offset = (long) leaf.index() * LEAF;
        if (waitingLeaves.decrementAndGet() == pauseLeaves - 1) {
            synchronized (lock) {
                lock.notifyAll();
            }
        }
        if (!leaf.sure() && !isRight(leaf, offset, size, wrong)) {
            return false;
        }
        toWrite.add(offset, leaf.bytes(), size);
        return toWrite.isFull() || offset + size == span.end();
    }

    private boolean isRight(KeeperJob.WholeLeaf leaf, long offset, int size, LongConsumer wrong) {
        LeafTable known = part.table().verified().orElse(null);
        synchronized (lock) {
            if (leaf.epoch() != epoch || known == null) {
                return false;
            }
        }
        if (!known.matches(leaf.index(), leaf.bytes().nioBuffer(0, size))) {
            synchronized (lock) {
                epoch++;
                forgetFrom(offset);
            }
            readers.wake(span);
            wrong.accept(offset);
            return false;
        }
        synchronized (lock) {
            vouched = offset + size;
        }
        readers.wake(span);
        return true;
    }

    void write() throws IOException {
        toWrite.writeTo(part, place);
        synchronized (lock) {
            written = part.verified(place);
            window.forgetOld((int) (written / LEAF));
        }
    }

    /** There is no keeper any more: all that readers get from now on is in the file. */
    void leave() {
        synchronized (lock) {
            keeperGone = true;
            received = written;
            vouched = written;
            lock.notifyAll();
            window.forgetAll();
        }
    }

    /** Everything from a leaf on is forgotten, and nothing more of this feed counts. */
    private void forgetFrom(long offset) {
        feed = null;
        lock.notifyAll();
        boolean any = received > offset;
        position = offset;
        received = offset;
        window.forgetFrom((int) (offset / LEAF));
        if (any) {
            readers.takeBack(span, offset);
        }
    }

    // The readers' side.

    /** Where the bytes end that readers may have: before the last byte of an unverified leaf. */
    long available() {
        long sure = vouched;
        long leafEnd = Math.min(span.end(), sure + LEAF);
        return Math.max(sure, Math.min(received, leafEnd - 1));
    }

    /**
     * Gives a reader that stands in this span what is in memory; 0: nothing, or it is to retract.
     */
    int readMemory(GrowingReader reader, ByteBuf into, int most) {
        synchronized (lock) {
            if (reader.isTakenBack()) {
                return 0;
            }
            long from = reader.position();
            int wanted = Math.clamp(available() - from, 0, most);
            int count = 0;
            while (count < wanted) {
                ByteBuf leaf = window.leaf((int) ((from + count) / LEAF));
                if (leaf == null) {
                    break;
                }
                int inLeaf = (int) ((from + count) % LEAF);
                int piece = Math.min(wanted - count, LEAF - inLeaf);
                into.writeBytes(leaf, inLeaf, piece);
                count += piece;
            }
            reader.advance(count);
            return count;
        }
    }
}
