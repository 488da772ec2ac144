package dev.sluice.agent.stage;

import dev.sluice.agent.config.HostPort;
import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.PullTiming;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.SourceId;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.serve.ServeLimits;
import dev.sluice.transfer.serve.TransferServer;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transfers of this node: it pulls contents into the stage area, and serves those that are
 * there or on their way to others.
 */
public final class ContentTransfers implements ContentLibrary, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ContentTransfers.class);

    /** One moves some Gbit/s. */
    private static final int EVENT_LOOPS = 1;

    /**
     * Without a new byte for this long a pull ends as failed: the order may stand for nothing any
     * more, and staging has one at a time.
     */
    private static final Duration GIVE_UP = Duration.ofMinutes(2);

    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final Duration CLOSE = Duration.ofSeconds(10);

    /** A source that failed is told for this long: a plan may put it at the end. */
    private static final Duration FAILED_LATELY = Duration.ofSeconds(60);

    private final StageArea area;
    private final ReceivedBytes received;
    private final Runnable changed;
    private final Ticker ticker = Ticker.system();
    private final RateLimit down = new RateLimit(0, ticker);
    private final RateLimit up = new RateLimit(0, ticker);
    private final Map<String, Running> running = new ConcurrentHashMap<>();
    private final TransferNetwork network;
    private final ContentPull.Means means;
    private final TransferServer server;

    private final class Running implements ContentPull.Events {
        private final Manifest manifest;
        private final Set<String> nodes = ConcurrentHashMap.newKeySet();
        private volatile long progressAt = ticker.nanos();
        private volatile ContentPull.Status status =
                new ContentPull.Status(Optional.empty(), new TreeMap<>());

        Running(Manifest manifest) {
            this.manifest = manifest;
        }

        @Override
        public void received(String node, long bytes) {
            nodes.add(node);
            received.add(node, bytes);
        }

        @Override
        public void verified(long bytes) {
            progressAt = ticker.nanos();
            area.progress(manifest, bytes);
        }

        @Override
        public void changed(ContentPull.Status now) {
            status = now;
            changed.run();
        }
    }

    /**
     * What is told of a content that is being pulled.
     *
     * @param source its address; empty: none
     * @param failedSources addresses, and who failed how there
     */
    public record Telling(String source, SortedMap<String, String> failedSources) {
        public Telling {
            failedSources = new TreeMap<>(failedSources);
        }
    }

    private final Map<String, ContentPull> pulls = new ConcurrentHashMap<>();

    private ContentTransfers(
            StageArea area,
            ReceivedBytes received,
            Runnable changed,
            TlsIdentity identity,
            HostPort listen,
            DiskSpace disk)
            throws IOException {
        this.area = area;
        this.received = received;
        this.changed = changed;
        this.network = new TransferNetwork(identity, EVENT_LOOPS);
        this.means = new ContentPull.Means(network, disk, down, PullTiming.standard(), ticker);
        try {
            this.server =
                    TransferServer.start(
                            network,
                            listen.resolve(),
                            PeerExpectation.kind(PeerName.Kind.NODE, PeerName.Kind.MASTER),
                            this,
                            ServeLimits.standard(),
                            up,
                            ticker);
        } catch (IOException e) {
            network.close();
            throw e;
        }
    }

    /**
     * Begins to serve.
     *
     * @param changed called when there is something to report
     * @throws IOException when the address cannot be bound
     */
    public static ContentTransfers start(
            StageArea area,
            ReceivedBytes received,
            Runnable changed,
            TlsIdentity identity,
            HostPort listen,
            DiskSpace disk)
            throws IOException {
        return new ContentTransfers(area, received, changed, identity, listen, disk);
    }

    /** The port that it serves on. */
    public int port() {
        return server.address().getPort();
    }

    /** The rate at which the network last took what this node sends; 0: not measured yet. */
    public long uplinkBytesPerSecond() {
        return server.uplinkBytesPerSecond();
    }

    @Override
    public Optional<ReadableContent> find(Sha256 content) throws IOException {
        ContentPull pull = pulls.get(content.hex());
        return pull == null
                ? area.readable(content.hex())
                : Optional.of(area.counting(pull.content()));
    }

    /** What is told of a content; empty while it is not pulled. */
    public Optional<Telling> telling(String contentSha256) {
        return Optional.ofNullable(running.get(contentSha256)).map(this::telling);
    }

    private Telling telling(Running pull) {
        SortedMap<String, String> failed = new TreeMap<>();
        long since = ticker.millis() - FAILED_LATELY.toMillis();
        pull.status
                .failures()
                .forEach((source, failure) -> {
                    if (failure.atMillis() >= since) {
                        failed.put(
                                source.address(),
                                source.node() + ": " + failure.kind() + ": " + failure.detail());
                    }
                });
        return new Telling(pull.status.source().map(SourceId::address).orElse(""), failed);
    }

    /**
     * Has a content complete in the area.
     *
     * @return why not, when it gave up
     */
    Optional<String> pull(Manifest manifest, StagePackage order)
            throws IOException, InterruptedException {
        String sha256 = manifest.content().sha256().hex();
        limit(order);
        Running events = new Running(manifest);
        running.put(sha256, events);
        ContentPull pull =
                ContentPull.start(
                        new ContentPull.Order(
                                area.partialOf(manifest), manifest.content(), sources(order)),
                        means,
                        events);
        pulls.put(sha256, pull);
        try {
            Optional<String> failure = await(pull, events);
            if (failure.isEmpty()) {
                area.complete(manifest);
            }
            return failure.map(reason -> manifest.title() + ": " + reason);
        } finally {
            pulls.remove(sha256);
            running.remove(sha256);
            end(pull, events);
        }
    }

    private Optional<String> await(ContentPull pull, Running events)
            throws IOException, InterruptedException {
        while (true) {
            try {
                pull.done().get(LOOK.toSeconds(), TimeUnit.SECONDS);
                return Optional.empty();
            } catch (TimeoutException _) {
                if (ticker.nanos() - events.progressAt > GIVE_UP.toNanos()) {
                    return Optional.of(
                            "nothing came for %d s: %s"
                                    .formatted(GIVE_UP.toSeconds(), failures(events)));
                }
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                throw new IOException(String.valueOf(cause.getMessage()), e);
            }
        }
    }

    private static String failures(Running events) {
        return events.status.failures().isEmpty()
                ? "no source gave anything new"
                : events.status.failures().entrySet().stream()
                        .map(entry ->
                                entry.getKey()
                                        + ": "
                                        + entry.getValue().kind()
                                        + ": "
                                        + entry.getValue().detail())
                        .collect(Collectors.joining("; "));
    }

    private void end(ContentPull pull, Running events) throws IOException {
        pull.close();
        for (String node : events.nodes) {
            received.persist(node);
        }
    }

    /** Other sources and limits for a content that is being pulled. */
    void update(Manifest manifest, StagePackage order) {
        ContentPull pull = pulls.get(manifest.content().sha256().hex());
        if (pull != null) {
            limit(order);
            pull.sources(sources(order));
        }
    }

    private void limit(StagePackage order) {
        long rate = Math.max(0, order.getMaxBytesPerSecond());
        down.set(rate);
        up.set(rate);
    }

    private static List<Source> sources(StagePackage order) {
        List<Source> sources = new ArrayList<>();
        for (PackageLocation location : order.getSourcesList()) {
            if (location.getTransferAddress().isEmpty()) {
                continue;
            }
            try {
                HostPort address = HostPort.parse(location.getTransferAddress());
                sources.add(
                        new Source(
                                location.getNodeId(),
                                address.host(),
                                address.port(),
                                Math.max(0, location.getLinkBytesPerSecond())));
            } catch (IllegalArgumentException e) {
                LOG.warn("source {}: {}", location.getNodeId(), e.getMessage());
            }
        }
        return sources;
    }

    /** Ends all pulls; what is verified of them stays, durable. */
    @Override
    public void close() {
        List<ContentPull> open = List.copyOf(pulls.values());
        open.forEach(ContentPull::close);
        server.close();
        for (ContentPull pull : open) {
            try {
                pull.content().closed().get(CLOSE.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                LOG.warn(
                        "content {}: not closed: {}",
                        pull.content().content().sha256(),
                        e.toString());
            }
        }
        network.close();
    }
}
