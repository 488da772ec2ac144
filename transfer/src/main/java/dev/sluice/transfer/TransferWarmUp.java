package dev.sluice.transfer;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.PullTiming;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.serve.ServeLimits;
import dev.sluice.transfer.serve.TransferServer;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.TlsIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A transfer of random bytes from this process to itself, so that the code of transfers is compiled
 * before the first one that matters: cold, a GiB costs several times the CPU time.
 */
public final class TransferWarmUp {

    /** More than this compiles nothing more. */
    public static final int MAX_MEBIBYTES = 256;

    /** Slow enough to leave the CPU to others. */
    private static final long BYTES_PER_SECOND = 16L << 20;

    private static final int BLOCK_BYTES = 1 << 20;

    private TransferWarmUp() {}

    /**
     * Runs it to its end. Its files are in a directory that is made for it and gone afterwards.
     *
     * @param parent where that directory is made
     * @throws IOException when it did not come to its end; nothing depends on it
     */
    public static void run(TlsIdentity identity, Path parent, int mebibytes)
            throws IOException, InterruptedException {
        if (mebibytes < 1 || mebibytes > MAX_MEBIBYTES) {
            throw new IllegalArgumentException(
                    "a warm-up of %d MiB: expected 1 to %d".formatted(mebibytes, MAX_MEBIBYTES));
        }
        Files.createDirectories(parent);
        Path directory = Files.createTempDirectory(parent, "warm-up-");
        try {
            transfer(identity, directory, mebibytes);
        } finally {
            delete(directory);
        }
    }

    private static void transfer(TlsIdentity identity, Path directory, int mebibytes)
            throws IOException, InterruptedException {
        Path file = directory.resolve("content");
        PackageContent content = write(file, mebibytes);
        CompleteContent complete =
                CompleteContent.withTable(content, file, 0, directory.resolve("table"));
        Ticker ticker = Ticker.system();
        RateLimit limit = new RateLimit(BYTES_PER_SECOND, ticker);
        try (TransferNetwork network = new TransferNetwork(identity, 1);
                TransferServer server =
                        TransferServer.start(
                                network,
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                PeerExpectation.exactly(identity.self()),
                                _ -> Optional.of(complete),
                                new ServeLimits(2, 2, 2),
                                limit,
                                ticker)) {
            Source self =
                    new Source(
                            identity.self().id(),
                            server.address().getHostString(),
                            server.address().getPort(),
                            0);
            pull(network, new ContentPull.Order(directory, content, List.of(self)), ticker);
        }
    }

    private static void pull(TransferNetwork network, ContentPull.Order order, Ticker ticker)
            throws IOException, InterruptedException {
        long atLeast = order.content().size() / BYTES_PER_SECOND;
        ContentPull pull =
                ContentPull.start(
                        order,
                        new ContentPull.Means(
                                network,
                                DiskSpace.system(),
                                new RateLimit(0, ticker),
                                PullTiming.standard(),
                                ticker),
                        new Silent());
        try (pull) {
            pull.done().get(60 + 4 * atLeast, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the warm-up of transfers did not end: " + e, e);
        }
    }

    private static PackageContent write(Path file, int mebibytes) throws IOException {
        byte[] block = new byte[BLOCK_BYTES];
        Random random = new Random(mebibytes);
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            for (int i = 0; i < mebibytes; i++) {
                random.nextBytes(block);
                for (ByteBuffer rest = ByteBuffer.wrap(block); rest.hasRemaining(); ) {
                    channel.write(rest);
                }
            }
            return LeafHashing.describe(
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : new TreeSet<>(files.toList())) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(directory);
    }

    private static final class Silent implements ContentPull.Events {
        @Override
        public void received(String node, long bytes) {}

        @Override
        public void verified(long bytes) {}

        @Override
        public void changed(ContentPull.Status status) {}
    }
}
