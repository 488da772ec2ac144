package dev.sluice.transfer;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.patch.PatchWarmUp;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.PullTiming;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.Sources;
import dev.sluice.transfer.serve.ServeLimits;
import dev.sluice.transfer.serve.TransferServer;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.ReadableContent;
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
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * A transfer of random bytes from this process to itself, and a patch, so that the code is compiled
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
     * @param zstd of the patches that are applied here; empty: none are
     * @throws IOException when it did not come to its end; nothing depends on it
     */
    public static void run(TlsIdentity identity, Path parent, int mebibytes, Optional<Zstd> zstd)
            throws IOException, InterruptedException {
        if (mebibytes < 1 || mebibytes > MAX_MEBIBYTES) {
            throw new IllegalArgumentException(
                    "a warm-up of %d MiB: expected 1 to %d".formatted(mebibytes, MAX_MEBIBYTES));
        }
        Files.createDirectories(parent);
        Path directory = Files.createTempDirectory(parent, "warm-up-");
        try {
            transfer(identity, directory, mebibytes);
            if (zstd.isPresent()) {
                PatchWarmUp.run(zstd.get(), directory, mebibytes);
            }
        } finally {
            delete(directory);
        }
    }

    /** From an origin's file to a relay, and from what the relay has so far to the chain's end. */
    private static void transfer(TlsIdentity identity, Path directory, int mebibytes)
            throws IOException, InterruptedException {
        Path file = directory.resolve("content");
        PackageContent content = write(file, mebibytes);
        CompleteContent complete =
                CompleteContent.withTable(content, file, 0, directory.resolve("table"));
        Ticker ticker = Ticker.system();
        String self = identity.self().id();
        try (TransferNetwork network = new TransferNetwork(identity);
                TransferServer origin = serve(network, identity, complete, ticker);
                ContentPull relay =
                        pull(network, self, directory.resolve("relay"), content, origin, ticker);
                TransferServer relaying = serve(network, identity, relay.content(), ticker);
                ContentPull end =
                        pull(network, self, directory.resolve("end"), content, relaying, ticker)) {
            relay.done().get(longestSeconds(content), TimeUnit.SECONDS);
            end.done().get(longestSeconds(content), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the warm-up of transfers did not end: " + e, e);
        }
    }

    private static long longestSeconds(PackageContent content) {
        return 60 + 4 * content.size() / BYTES_PER_SECOND;
    }

    private static TransferServer serve(
            TransferNetwork network, TlsIdentity identity, ReadableContent content, Ticker ticker)
            throws IOException {
        return TransferServer.start(
                network,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                PeerExpectation.exactly(identity.self()),
                _ -> Optional.of(content),
                new ServeLimits(2, 2, 2),
                new RateLimit(BYTES_PER_SECOND, ticker),
                ticker);
    }

    private static ContentPull pull(
            TransferNetwork network,
            String self,
            Path directory,
            PackageContent content,
            TransferServer from,
            Ticker ticker)
            throws IOException {
        Source source =
                new Source(self, from.address().getHostString(), from.address().getPort(), 0);
        return ContentPull.start(
                new ContentPull.Order(
                        Files.createDirectory(directory),
                        content,
                        Sources.ofWhole(List.of(source))),
                new ContentPull.Means(
                        network,
                        DiskSpace.system(),
                        new RateLimit(0, ticker),
                        PullTiming.standard(),
                        ticker),
                new Silent());
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
        List<Path> all;
        try (Stream<Path> files = Files.walk(directory)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.deleteIfExists(file);
        }
    }

    private static final class Silent implements ContentPull.Events {
        @Override
        public LongConsumer received(String node) {
            return _ -> {};
        }

        @Override
        public void verified(long bytes) {}

        @Override
        public void changed(ContentPull.Status status) {}
    }
}
