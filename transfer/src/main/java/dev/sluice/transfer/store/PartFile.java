package dev.sluice.transfer.store;

import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.PackageContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A content on its way to disk: {@code content.part}, its verified table in {@code leaves}, and
 * {@code progress}. Only verified leaves are written to it, those of a span in order. Every 8 MiB
 * the data is forced, and every 64 MiB, and at its end, the progress written after it.
 *
 * <p>One thread writes; any may read what is verified.
 */
final class PartFile implements AutoCloseable {

    static final String PART = "content.part";
    static final String LEAVES = "leaves";
    static final String PROGRESS = "progress";

    /** What a power loss may cost at most, about. */
    static final long PROGRESS_EVERY_BYTES = 64L << 20;

    /**
     * A disk that is forced takes nothing else until it has all that was given to it before. In
     * small steps it does not stand still for longer than leaves may wait for it.
     */
    static final long FORCE_EVERY_BYTES = 8L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(PartFile.class);

    private final Path directory;
    private final PackageContent content;
    private final FileChannel channel;
    private final LeafWriter writer;
    private final GrowingTable table;
    private boolean tableUnsynced;
    private final List<Span> spans;

    /** Of each span: up to where it is verified and in the file. */
    private final long[] verified;

    private long unforced;
    private long sinceProgress;
    private @Nullable Thread syncing;
    private volatile @Nullable IOException syncFailure;

    private PartFile(
            Path directory,
            PackageContent content,
            List<Span> spans,
            FileChannel channel,
            LeafWriter writer) {
        this.directory = directory;
        this.content = content;
        this.channel = channel;
        this.writer = writer;
        this.table = new GrowingTable(content);
        this.spans = List.copyOf(spans);
        this.verified = spans.stream().mapToLong(Span::begin).toArray();
    }

    /**
     * Opens what is there, or begins anew with the space reserved. What progress says is trusted;
     * what came after it is verified against the table, as far as it is right.
     *
     * @param spans the parts that it grows by, which are all of it
     * @throws DiskFullException when the content does not fit
     */
    static PartFile open(Path directory, PackageContent content, List<Span> spans, DiskSpace space)
            throws IOException {
        Path part = directory.resolve(PART);
        boolean there = Files.isRegularFile(part) && Files.size(part) <= content.size();
        if (!there) {
            Files.deleteIfExists(part);
            Files.deleteIfExists(directory.resolve(PROGRESS));
        }
        if (!there || Files.size(part) < content.size()) {
            space.reserve(part, content.size());
        }
        FileChannel channel =
                FileChannel.open(part, StandardOpenOption.READ, StandardOpenOption.WRITE);
        PartFile file =
                new PartFile(directory, content, spans, channel, LeafWriter.of(part, channel));
        try {
            file.recover();
            return file;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    static long presentIn(Path directory, PackageContent content) throws IOException {
        Path part = directory.resolve(PART);
        if (!Files.isRegularFile(part)) {
            return 0;
        }
        long size = Files.size(part);
        boolean isOfOlderRelease =
                size < content.size() && !Files.exists(directory.resolve(PROGRESS));
        if (isOfOlderRelease) {
            return size;
        }
        BitSet pieces = Progress.read(directory.resolve(PROGRESS), content);
        return Span.halves(content).stream()
                .mapToLong(span -> Progress.verified(span, pieces) - span.begin())
                .sum();
    }

    private void recover() throws IOException {
        BitSet pieces = Progress.read(directory.resolve(PROGRESS), content);
        for (int i = 0; i < verified.length; i++) {
            verified[i] = Progress.verified(spans.get(i), pieces);
        }
        LeafTable known = LeafFile.read(directory.resolve(LEAVES), content).orElse(null);
        if (known == null) {
            return;
        }
        table.set(known);
        for (int i = 0; i < verified.length; i++) {
            verified[i] = recover(spans.get(i), verified[i], known);
        }
    }

    /** Goes on behind what progress says as long as the leaves there are right. */
    private long recover(Span span, long trusted, LeafTable known) throws IOException {
        long right = trusted;
        ByteBuffer leaf = ByteBuffer.allocate(PackageContent.LEAF_SIZE);
        while (right < span.end()) {
            int index = index(right);
            leaf.clear().limit(content.sizeOfLeaf(index));
            read(right, leaf);
            if (!known.matches(index, leaf.flip())) {
                break;
            }
            right += content.sizeOfLeaf(index);
        }
        if (right > span.begin()) {
            LOG.info(
                    "{}: {} of {} bytes from {} on are here, {} of them verified again",
                    directory,
                    right - span.begin(),
                    span.size(),
                    span.begin(),
                    right - trusted);
        }
        return right;
    }

    /** The table, as far as it came. */
    GrowingTable table() {
        return table;
    }

    /** Writes the table, which is verified, beside the part; durable with the next checkpoint. */
    void keepTable() throws IOException {
        LeafTable verifiedTable = table.verified().orElseThrow();
        tableUnsynced = true;
        LeafFile.writeSoon(directory.resolve(LEAVES), verifiedTable);
    }

    /** Up to where a span is verified and in the file, by its place in the content. */
    long verified(int span) {
        return verified[span];
    }

    /**
     * Writes the next leaves of a span, which were verified.
     *
     * @param offset of the first of them
     * @throws IOException when the disk failed, or did for leaves before these
     */
    void write(int span, long offset, List<ByteBuffer> leaves) throws IOException {
        IOException failed = syncFailure;
        if (failed != null) {
            throw failed;
        }
        if (offset != verified[span]) {
            throw new IOException(
                    "%s: the leaf at %d can't be written, what is there ends at %d"
                            .formatted(directory.resolve(PART), offset, verified[span]));
        }
        long written = writer.write(leaves, offset);
        verified[span] += written;
        unforced += written;
        sinceProgress += written;
        if (unforced >= FORCE_EVERY_BYTES) {
            forceInBackground();
        }
    }

    /** Reads verified bytes. */
    void read(long offset, ByteBuffer into) throws IOException {
        FileRanges.readFully(channel, offset, into, directory.resolve(PART));
    }

    private void forceInBackground() {
        boolean progressIsDue = sinceProgress >= PROGRESS_EVERY_BYTES;
        Thread before = syncing;
        if (!progressIsDue && before != null && before.isAlive()) {
            return;
        }
        unforced = 0;
        if (progressIsDue) {
            BitSet pieces = verifiedPieces();
            sinceProgress = 0;
            syncing =
                    inBackground(() -> {
                        join(before);
                        sync(pieces);
                    });
        } else {
            syncing = inBackground(() -> channel.force(false));
        }
    }

    private interface DiskWork {
        void run() throws IOException;
    }

    private Thread inBackground(DiskWork work) {
        return Thread.ofPlatform()
                .name("transfer-sync")
                .daemon()
                .start(() -> {
                    try {
                        work.run();
                    } catch (IOException e) {
                        syncFailure = e;
                    }
                });
    }

    private BitSet verifiedPieces() {
        BitSet pieces = new BitSet();
        for (int i = 0; i < verified.length; i++) {
            Progress.add(pieces, spans.get(i), verified[i]);
        }
        return pieces;
    }

    private void sync(BitSet pieces) throws IOException {
        channel.force(false);
        Progress.write(directory.resolve(PROGRESS), content, pieces);
    }

    /** Makes everything that is verified durable, and says so. */
    void checkpoint() throws IOException {
        join(syncing);
        IOException failed = syncFailure;
        if (failed != null) {
            throw failed;
        }
        if (tableUnsynced) {
            LeafFile.sync(directory.resolve(LEAVES));
            tableUnsynced = false;
        }
        sync(verifiedPieces());
        unforced = 0;
        sinceProgress = 0;
    }

    private static void join(@Nullable Thread running) {
        boolean interrupted = false;
        while (running != null && running.isAlive()) {
            try {
                running.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static int index(long offset) {
        return (int) (offset / PackageContent.LEAF_SIZE);
    }

    /** After the last read. */
    @Override
    public void close() throws IOException {
        join(syncing);
        writer.close();
        channel.close();
    }
}
