package dev.sluice.transfer;

import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.PullTiming;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.Sources;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.serve.ServeLimits;
import dev.sluice.transfer.serve.TransferServer;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** A node with a certificate, a disk, a server and pulls. */
final class TestNode implements AutoCloseable, ContentLibrary {

    /** For a test that must not hang; nothing waits this long when it works. */
    static final Duration LONG = Duration.ofSeconds(60);

    private static final CertificateAuthority AUTHORITY =
            CertificateAuthority.create("test", Duration.ofDays(10), InstantSource.system());

    final String id;
    final TransferNetwork network;
    final Path directory;
    final Map<String, Long> receivedFrom = new ConcurrentSkipListMap<>();
    final RateLimit downLimit = new RateLimit(0, Ticker.system());
    final RateLimit upLimit = new RateLimit(0, Ticker.system());
    private final Map<Sha256, ReadableContent> contents = new ConcurrentHashMap<>();
    private volatile Runnable missed = () -> {};
    private volatile boolean mayComeSoon = true;
    private final AtomicLong verified = new AtomicLong();
    private final Object progress = new Object();
    final TransferServer server;
    private volatile PullTiming timing = PullTiming.standard();

    TestNode(String id, Path root) throws IOException {
        this.id = id;
        this.directory = Files.createDirectories(root.resolve(id));
        this.network = new TransferNetwork(identity(PeerName.node(id)));
        this.server =
                TransferServer.start(
                        network,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        PeerExpectation.kind(PeerName.Kind.NODE),
                        this,
                        ServeLimits.standard(),
                        upLimit,
                        Ticker.system());
    }

    static TlsIdentity identity(PeerName name) {
        try {
            return TlsIdentity.of(
                    AUTHORITY.issue(name, Set.of(), Duration.ofDays(1)), InstantSource.system());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    TestNode timing(PullTiming other) {
        timing = other;
        return this;
    }

    Source source() {
        return new Source(id, "127.0.0.1", server.address().getPort(), 0);
    }

    /** Contents that are not here will not be. */
    void hasWhatItHas() {
        mayComeSoon = false;
    }

    @Override
    public boolean mayComeSoon(Sha256 content) {
        return mayComeSoon;
    }

    /** What is done when a content is asked for that is not here, by whoever looks for it. */
    void onMiss(Runnable action) {
        missed = action;
    }

    void serve(ReadableContent content) {
        contents.put(content.content().sha256(), content);
    }

    @Override
    public Optional<ReadableContent> find(Sha256 content) {
        ReadableContent found = contents.get(content);
        if (found == null) {
            missed.run();
        }
        return Optional.ofNullable(found);
    }

    ContentPull pull(TestContent content, Source... sources) throws IOException {
        return pull(content, DiskSpace.system(), sources);
    }

    ContentPull pull(TestContent content, DiskSpace disk, Source... sources) throws IOException {
        return pull(content, disk, Sources.ofWhole(List.of(sources)));
    }

    ContentPull pull(TestContent content, Sources sources) throws IOException {
        return pull(content, DiskSpace.system(), sources);
    }

    private ContentPull pull(TestContent content, DiskSpace disk, Sources sources)
            throws IOException {
        ContentPull pull =
                ContentPull.start(
                        new ContentPull.Order(directory, content.content(), sources),
                        new ContentPull.Means(network, disk, downLimit, timing, Ticker.system()),
                        new ContentPull.Events() {
                            @Override
                            public LongConsumer received(String node) {
                                return bytes -> {
                                    receivedFrom.merge(node, bytes, Long::sum);
                                    synchronized (progress) {
                                        progress.notifyAll();
                                    }
                                };
                            }

                            @Override
                            public void verified(long bytes) {
                                synchronized (progress) {
                                    verified.set(bytes);
                                    progress.notifyAll();
                                }
                            }

                            @Override
                            public void changed(ContentPull.Status status) {
                                synchronized (progress) {
                                    progress.notifyAll();
                                }
                            }
                        });
        serve(pull.content());
        return pull;
    }

    /** Waits until a pull has so many bytes verified. */
    void awaitVerified(long bytes) throws InterruptedException {
        await(() -> verified.get() >= bytes, "%s: %d bytes".formatted(id, bytes));
    }

    /** Waits until so many bytes came, verified or not. */
    void awaitReceived(long bytes) throws InterruptedException {
        await(() -> received() >= bytes, "%s: %d bytes received".formatted(id, bytes));
    }

    /** Waits for something that the pull's events bring. */
    void await(java.util.function.BooleanSupplier condition, String what)
            throws InterruptedException {
        long deadline = System.nanoTime() + LONG.toNanos();
        synchronized (progress) {
            while (!condition.getAsBoolean()) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    throw new AssertionError(what + ": did not come");
                }
                progress.wait(left);
            }
        }
    }

    long received() {
        return receivedFrom.values().stream().mapToLong(Long::longValue).sum();
    }

    static void await(CompletableFuture<Void> done) throws Exception {
        done.get(LONG.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        server.close();
        network.close();
    }
}
