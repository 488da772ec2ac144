package dev.sluice.transfer.store;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.LeafHash;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.PackageContent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A content that is being received, and read by others meanwhile. One feeder puts bytes in, in
 * order, and verifies each leaf on the way; a thread of its own (the keeper) writes what is
 * verified to disk, and judges what could not be: a leaf that came before the table, or that is
 * wrong. Readers get bytes before their leaf is whole.
 *
 * <p>The last byte of a leaf is held back from readers until the leaf is verified. So whoever sends
 * a whole leaf vouches for it, and a relay is never blamed for what another one did. A leaf that is
 * wrong is taken back from all readers.
 */
public final class GrowingContent implements ReadableContent, AutoCloseable {

    /** Whole leaves that wait for the keeper; from here on the feeder is to pause. */
    static final int PAUSE_LEAVES = 8;

    /** How long a verified leaf waits at most for others that are written with it. */
    private static final long WRITE_WAIT_MILLIS = 40;

    private static final Logger LOG = LoggerFactory.getLogger(GrowingContent.class);
    private static final int LEAF = PackageContent.LEAF_SIZE;

    private final PackageContent content;
    private final PartFile part;
    private final Owner owner;
    private final BlockingQueue<KeeperJob> jobs = new ArrayBlockingQueue<>(4 * Window.MAX_LEAVES);
    private final List<GrowingReader> readers = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    /** The keeper's. */
    private final LeafBatch toWrite = new LeafBatch();

    private final Object lock = new Object();

    // Guarded by the lock.
    private final Window window = new Window();
    private @Nullable Feed feed;

    /** Leaves that were fed to their end and that the keeper does not know of yet. */
    private final List<KeeperJob.WholeLeaf> whole = new ArrayList<>();

    private boolean allSure = true;

    /** Of the leaf that is under way. */
    private LeafHash hash = new LeafHash();

    /** Where the feeder's next byte belongs. */
    private long position;

    /** Grows when a leaf was wrong: whole leaves that wait from before are void. */
    private int epoch;

    private int openReaders;
    private boolean keeperGone;

    // Written under the lock.
    private volatile long received;
    private volatile long vouched;
    private volatile long written;
    private final AtomicInteger waitingLeaves = new AtomicInteger();
    private volatile boolean ended;

    /** Is told what becomes of a content, by its keeper, one at a time. */
    public interface Owner {
        void tableVerified();

        /** The table was not the content's: nothing of this feed counts. */
        void wrongTable(String reason);

        /** Everything below is verified and in the file. */
        void advanced(long offset);

        /** The leaf that begins here was wrong; it and all after it are forgotten. */
        void wrongLeaf(long offset);

        /** The disk failed: nothing more is taken. */
        void failed(IOException failure);

        /** Everything is verified and durable. */
        void complete();
    }

    private GrowingContent(PackageContent content, PartFile part, Owner owner) {
        this.content = content;
        this.part = part;
        this.owner = owner;
        this.position = part.verified();
        this.received = position;
        this.vouched = position;
        this.written = position;
    }

    /**
     * Opens what a directory has of a content, or begins anew. May read the disk for a while.
     *
     * @throws DiskFullException when the content does not fit
     */
    public static GrowingContent open(
            Path directory, PackageContent content, DiskSpace space, Owner owner)
            throws IOException {
        GrowingContent growing =
                new GrowingContent(content, PartFile.open(directory, content, space), owner);
        Thread.ofPlatform()
                .name("transfer-keep-" + content.sha256().hex().substring(0, 8))
                .daemon()
                .start(growing::keep);
        return growing;
    }

    /** The name of the file in the directory that is the content once it is complete. */
    public static String partName() {
        return PartFile.PART;
    }

    /** The name of the file in the directory that tells what of the part file is verified. */
    public static String progressName() {
        return PartFile.PROGRESS;
    }

    /** The name of the table's file in the directory. */
    public static String leavesName() {
        return PartFile.LEAVES;
    }

    /** The bytes of a content that a directory is known to have, without looking at them. */
    public static long presentIn(Path directory, PackageContent content) throws IOException {
        return PartFile.presentIn(directory, content);
    }

    @Override
    public PackageContent content() {
        return content;
    }

    /** Everything below is verified and in the file. */
    public long verified() {
        return written;
    }

    public boolean hasTable() {
        return part.hasLeaves();
    }

    // The feeder's side.

    /** Runs, by the keeper, when everything that was fed until now is judged. */
    public void whenSettled(Runnable then) {
        giveWhole(1);
        jobs.add(new KeeperJob.Marker(then));
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

        /** Takes the source's whole table, over. */
        public void table(byte[] encoded) {
            synchronized (lock) {
                if (feed == this) {
                    jobs.add(new KeeperJob.Table(encoded));
                }
            }
        }

        /** Takes the next bytes of the content, which are read. */
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
            wakeReaders();
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
        wakeReaders();
    }

    /** Gives the keeper what it does not have, however little. */
    public void settle() {
        giveWhole(1);
    }

    private void giveWhole(int least) {
        synchronized (lock) {
            boolean pressing = position == content.size() || !allSure;
            if (whole.size() >= (pressing ? 1 : least)) {
                allSure = true;
                jobs.add(new KeeperJob.WholeLeaves(List.copyOf(whole)));
                whole.clear();
            }
        }
    }

    private int feedIntoLeaf(ByteBuf bytes, int count) {
        int index = (int) (position / LEAF);
        int at = (int) (position % LEAF);
        int size = content.sizeOfLeaf(index);
        int part = Math.min(count, size - at);
        ByteBuf leaf = window.leafForWriting(index, (int) (written / LEAF));
        int known = (int) Math.min(part, Math.max(0, received - position));
        if (known > 0 && !ByteBufUtil.equals(leaf, at, bytes, bytes.readerIndex(), known)) {
            // Two sources differ in a leaf that is not whole: what readers have of it may be wrong.
            received = position;
            takeBack(position - at);
        }
        bytes.readBytes(leaf.setIndex(0, at), part);
        if (at == 0) {
            hash = new LeafHash();
        }
        hash.update(leaf.nioBuffer(at, part));
        position += part;
        received = Math.max(received, position);
        if (at + part == size) {
            completed(index, leaf);
        }
        return part;
    }

    /**
     * Vouches at once for a leaf that is right and comes next: its bytes were just in the
     * processor's cache. One that is not, or whose table is not known yet, is the keeper's to
     * judge.
     */
    private void completed(int index, ByteBuf leaf) {
        long offset = (long) index * LEAF;
        boolean sure =
                vouched == offset
                        && hash.bytes() == content.sizeOfLeaf(index)
                        && part.table().filter(known -> known.matches(index, hash)).isPresent();
        if (sure) {
            vouched = position;
        }
        var _ = waitingLeaves.incrementAndGet();
        allSure &= sure;
        whole.add(new KeeperJob.WholeLeaf(index, leaf.retain(), epoch, sure));
    }

    /** Whether the feeder is to pause until {@link Owner#advanced} is called. */
    public boolean isFull() {
        return waitingLeaves.get() >= PAUSE_LEAVES;
    }

    // The keeper.

    private void keep() {
        boolean stopped = false;
        if (written == content.size()) {
            guarded(this::finish);
        }
        while (!stopped) {
            try {
                KeeperJob job =
                        toWrite.isEmpty()
                                ? jobs.take()
                                : jobs.poll(WRITE_WAIT_MILLIS, TimeUnit.MILLISECONDS);
                stopped = job instanceof KeeperJob.Stop;
                guarded(job == null ? this::write : () -> execute(job));
            } catch (InterruptedException _) {
                // Nobody interrupts it: it ends by its Stop, as an interrupt would close the file.
            }
        }
        leave();
    }

    private interface Step {
        void run() throws IOException;
    }

    private void guarded(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            LOG.warn("content {}: {}", content.sha256(), e.getMessage());
            endFeed();
            owner.failed(e);
        } catch (RuntimeException e) {
            LOG.error("content {}: its keeper failed", content.sha256(), e);
            endFeed();
            owner.failed(new IOException("the keeper failed: " + e, e));
        }
    }

    private void execute(KeeperJob job) throws IOException {
        switch (job) {
            case KeeperJob.Table(var encoded) -> judgeTable(encoded);
            case KeeperJob.WholeLeaves(var leaves) -> {
                for (KeeperJob.WholeLeaf leaf : leaves) {
                    guarded(() -> judgeLeaf(leaf));
                    leaf.bytes().release();
                }
            }
            case KeeperJob.Marker(var then) -> {
                try {
                    write();
                } finally {
                    then.run();
                }
            }
            case KeeperJob.Stop _ -> {
                write();
                if (written < content.size()) {
                    part.checkpoint();
                }
            }
        }
    }

    private void judgeTable(byte[] encoded) throws IOException {
        if (part.table().isPresent()) {
            return;
        }
        LeafTable table;
        try {
            table = LeafTable.decode(encoded, content);
        } catch (InvalidPackageException e) {
            synchronized (lock) {
                epoch++;
                forgetFrom(vouched);
            }
            owner.wrongTable(String.valueOf(e.getMessage()));
            return;
        }
        part.keep(table);
        wakeReaders();
        owner.tableVerified();
    }

    private void judgeLeaf(KeeperJob.WholeLeaf leaf) throws IOException {
        int size = content.sizeOfLeaf(leaf.index());
        long offset = (long) leaf.index() * LEAF;
        if (waitingLeaves.decrementAndGet() == PAUSE_LEAVES - 1) {
            synchronized (lock) {
                lock.notifyAll();
            }
        }
        if (!leaf.sure() && !isRight(leaf, offset, size)) {
            return;
        }
        toWrite.add(offset, leaf.bytes(), size);
        if (toWrite.isFull() || offset + size == content.size()) {
            write();
        }
    }

    private boolean isRight(KeeperJob.WholeLeaf leaf, long offset, int size) {
        LeafTable known = part.table().orElse(null);
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
            wakeReaders();
            owner.wrongLeaf(offset);
            return false;
        }
        synchronized (lock) {
            vouched = offset + size;
        }
        wakeReaders();
        return true;
    }

    private void write() throws IOException {
        if (toWrite.isEmpty()) {
            return;
        }
        toWrite.writeTo(part);
        synchronized (lock) {
            written = part.verified();
            window.forgetOld((int) (written / LEAF));
        }
        owner.advanced(written);
        if (written == content.size()) {
            finish();
        }
    }

    private void finish() throws IOException {
        part.checkpoint();
        owner.complete();
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
            takeBack(offset);
        }
    }

    private void takeBack(long offset) {
        readers.forEach(reader -> reader.takeBack(offset));
    }

    private void wakeReaders() {
        readers.forEach(reader -> reader.wake.run());
    }

    // Readers.

    /** As the class says: all but the last byte of a leaf that is not verified. */
    private long available() {
        long sure = vouched;
        long leafEnd = Math.min(content.size(), sure + LEAF);
        return Math.max(sure, Math.min(received, leafEnd - 1));
    }

    @Override
    public Reader open(long offset, Runnable wake) throws IOException {
        synchronized (lock) {
            if (ended) {
                throw new IOException("content %s: is closed".formatted(content.sha256()));
            }
            openReaders++;
        }
        GrowingReader reader = new GrowingReader(offset, wake);
        readers.add(reader);
        return reader;
    }

    private final class GrowingReader implements Reader {
        private final Runnable wake;
        private boolean open = true;

        // Guarded by the content's lock.
        private long at;
        private long takenBack = -1;

        GrowingReader(long offset, Runnable wake) {
            this.at = offset;
            this.wake = wake;
        }

        void takeBack(long offset) {
            if (at > offset) {
                at = offset;
                takenBack = offset;
            }
        }

        @Override
        public long position() {
            synchronized (lock) {
                return at;
            }
        }

        @Override
        public long available() {
            return GrowingContent.this.available();
        }

        @Override
        public long onDisk() {
            synchronized (lock) {
                return takenBack < 0 ? written : 0;
            }
        }

        @Override
        public boolean ended() {
            return ended;
        }

        @Override
        public OptionalLong takeRetraction() {
            synchronized (lock) {
                long offset = takenBack;
                takenBack = -1;
                return offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset);
            }
        }

        @Override
        public int readMemory(ByteBuf into, int most) {
            synchronized (lock) {
                if (takenBack >= 0) {
                    return 0;
                }
                int wanted = Math.clamp(available() - at, 0, most);
                int count = 0;
                while (count < wanted) {
                    ByteBuf leaf = window.leaf((int) (at / LEAF));
                    if (leaf == null) {
                        break;
                    }
                    int inLeaf = (int) (at % LEAF);
                    int part = Math.min(wanted - count, LEAF - inLeaf);
                    into.writeBytes(leaf, inLeaf, part);
                    count += part;
                    at += part;
                }
                return count;
            }
        }

        @Override
        public void readDisk(ByteBuffer into) throws IOException {
            int count = into.remaining();
            part.read(position(), into);
            synchronized (lock) {
                at += count;
            }
        }

        @Override
        public boolean hasTable() {
            return part.hasLeaves();
        }

        @Override
        public void readTable(long offset, ByteBuffer into) throws IOException {
            part.readLeaves(offset, into);
        }

        @Override
        public void close() {
            synchronized (lock) {
                if (!open) {
                    return;
                }
                open = false;
                openReaders--;
            }
            readers.remove(this);
            closeFileAfterLast();
        }
    }

    // The end.

    /**
     * Takes nothing more; what was verified stays on disk. Readers go on until they close.
     *
     * @see #closed
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (ended) {
                return;
            }
            ended = true;
            feed = null;
        }
        giveWhole(1);
        jobs.add(new KeeperJob.Stop());
    }

    /** Done when the file is closed, after the keeper and the last reader. */
    public CompletableFuture<Void> closed() {
        return closed.copy();
    }

    private void leave() {
        synchronized (lock) {
            keeperGone = true;
            lock.notifyAll();
            window.forgetAll();
        }
        wakeReaders();
        closeFileAfterLast();
    }

    private void closeFileAfterLast() {
        synchronized (lock) {
            if (!keeperGone || openReaders > 0 || closed.isDone()) {
                return;
            }
        }
        try {
            part.close();
        } catch (IOException e) {
            LOG.warn("content {}: cannot be closed: {}", content.sha256(), e.getMessage());
        }
        closed.complete(null);
    }
}
