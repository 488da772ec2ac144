package dev.sluice.agent.stage;

import dev.sluice.agent.config.HostPort;
import dev.sluice.transfer.net.TransferNetwork;
import dev.sluice.transfer.pace.RateLimit;
import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.patch.PatchApply;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.PullTiming;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.Sources;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.serve.ServeLimits;
import dev.sluice.transfer.serve.TransferServer;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.ContentPatch;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transfers of this node: it pulls contents into the stage area, and serves those that are
 * there or on their way to others.
 */
public final class ContentTransfers implements ContentLibrary, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ContentTransfers.class);

    /**
     * Without a new byte for this long a pull ends as failed: the order may stand for nothing any
     * more, and staging has one at a time.
     */
    private static final Duration GIVE_UP = Duration.ofMinutes(2);

    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final Duration CLOSE = Duration.ofSeconds(10);

    private static final Duration SWEEP = Duration.ofMinutes(1);

    private final StageArea area;
    private final PatchArea patches;
    private final Optional<Zstd> zstd;
    private final DiskSpace disk;
    private final ReceivedBytes received;
    private final Runnable changed;
    private final Supplier<Optional<Source>> ownMaster;
    private final Ticker ticker = Ticker.system();
    private final RateLimit down = new RateLimit(0, ticker);
    private final RateLimit up = new RateLimit(0, ticker);
    private final Map<String, Staging> stagings = new ConcurrentHashMap<>();

    /** What is on its way, packages and patches, by SHA-256. */
    private final Map<String, GrowingContent> growing = new ConcurrentHashMap<>();

    private final Set<ContentPull> pulls = ConcurrentHashMap.newKeySet();
    private final TransferNetwork network;
    private final ContentPull.Means means;
    private final TransferServer server;
    private final ScheduledExecutorService sweeper =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofVirtual().name("patch-sweep").factory());

    /**
     * What is told of a content.
     *
     * @param source the address that it or its patch is pulled from; empty: none
     * @param secondHalfSource the same of its second half, if it has one
     * @param failedSources addresses, and who failed how there
     * @param patch the SHA-256 of the patch by which it comes or came; empty: none is here
     * @param patchPresent bytes of it that are here
     * @param failedPatches SHA-256 of patches that did not make it, and why
     */
    public record Telling(
            String source,
            String secondHalfSource,
            SortedMap<String, String> failedSources,
            String patch,
            long patchPresent,
            SortedMap<String, String> failedPatches) {
        public Telling {
            failedSources = new TreeMap<>(failedSources);
            failedPatches = new TreeMap<>(failedPatches);
        }
    }

    /** How an order to have a content ended. */
    sealed interface Arrival {

        /**
         * It is complete.
         *
         * @param how what is remarkable about its way; empty: nothing
         */
        record Complete(Optional<String> how) implements Arrival {}

        /** It gave up. */
        record Failed(String reason) implements Arrival {}
    }

    /**
     * What it works with.
     *
     * @param patches a directory for patches
     * @param zstd empty: no patch can be applied here
     * @param changed called when there is something to report
     * @param ownMaster where the master on this node serves contents; empty: there is none, or it
     *     is not known now
     */
    public record Ports(
            StageArea area,
            Path patches,
            Optional<Zstd> zstd,
            ReceivedBytes received,
            Runnable changed,
            TlsIdentity identity,
            DiskSpace disk,
            Supplier<Optional<Source>> ownMaster) {}

    private ContentTransfers(Ports ports, HostPort listen) throws IOException {
        this.area = ports.area();
        this.patches = new PatchArea(ports.patches(), ticker::nanos);
        this.zstd = ports.zstd();
        this.disk = ports.disk();
        this.received = ports.received();
        this.changed = ports.changed();
        this.ownMaster = ports.ownMaster();
        this.network = new TransferNetwork(ports.identity());
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
            sweeper.shutdownNow();
            network.close();
            throw e;
        }
        var _ =
                sweeper.scheduleWithFixedDelay(
                        this::sweep, SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Begins to serve.
     *
     * @throws IOException when the address cannot be bound
     */
    public static ContentTransfers start(Ports ports, HostPort listen) throws IOException {
        return new ContentTransfers(ports, listen);
    }

    private void sweep() {
        try {
            patches.sweep();
        } catch (IOException e) {
            LOG.warn("patches: {}", e.getMessage());
        }
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
        GrowingContent coming = growing.get(content.hex());
        if (coming != null) {
            return Optional.of(area.counting(coming));
        }
        Optional<ReadableContent> whole = area.readable(content.hex());
        return whole.isPresent() ? whole : patches.readable(content.hex());
    }

    /** Whether patches can be applied to what is complete here. */
    public boolean takesPatches() {
        return zstd.isPresent();
    }

    /** What is told of a package; empty while nothing of it or of its patches comes or came. */
    public Optional<Telling> telling(String contentSha256) {
        Optional<PullWatch> watch =
                Optional.ofNullable(stagings.get(contentSha256)).flatMap(Staging::watch);
        Optional<PatchArea.Telling> patch = patches.telling(contentSha256);
        return watch.isEmpty() && patch.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Telling(
                                watch.map(PullWatch::source).orElse(""),
                                watch.map(PullWatch::secondHalfSource).orElse(""),
                                watch.map(PullWatch::failedSources).orElseGet(TreeMap::new),
                                patch.map(PatchArea.Telling::patch).orElse(""),
                                patch.map(PatchArea.Telling::present).orElse(0L),
                                patch.map(PatchArea.Telling::failed).orElseGet(TreeMap::new)));
    }

    /** Has a content complete in the area, in the way that the order names last. */
    Arrival pull(Manifest manifest, StagePackage order) throws IOException, InterruptedException {
        String sha256 = manifest.content().sha256().hex();
        Staging staging = new Staging(manifest, order, next -> way(manifest, next));
        limit(order);
        stagings.put(sha256, staging);
        try {
            Optional<Arrival> end = Optional.empty();
            while (end.isEmpty()) {
                end =
                        switch (staging.begin()) {
                            case Way.Whole whole -> pullWhole(staging, whole);
                            case Way.ByPatch patch -> pullByPatch(staging, patch);
                        };
            }
            return end.get();
        } finally {
            stagings.remove(sha256);
        }
    }

    /** By a patch when the order has one that can be used here; the whole content otherwise. */
    private Way way(Manifest manifest, StagePackage order) {
        Way whole =
                new Way.Whole(
                        nearestFirst(
                                Way.sources(
                                        order.getSourcesList(), order.getSecondHalfSourcesList())));
        ContentPatch patch = order.getPatch();
        String target = manifest.content().sha256().hex();
        Optional<Path> base = area.content(patch.getBaseSha256());
        boolean isUsable =
                order.hasPatch()
                        && zstd.isPresent()
                        && base.isPresent()
                        && patch.getSize() < manifest.content().size()
                        && !patches.hasFailed(patch.getSha256(), target);
        if (!isUsable) {
            return whole;
        }
        try {
            Manifest old = Manifest.parse(area.manifestOf(patch.getBaseSha256()));
            return new Way.ByPatch(
                    Way.patchOf(patch),
                    new PatchSource(base.get(), 0, old.content()),
                    old.version().value(),
                    nearestFirst(
                            Way.sources(patch.getSourcesList(), patch.getSecondHalfSourcesList())));
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("{}: its patch is not used: {}", manifest.title(), e.getMessage());
            return whole;
        }
    }

    /** What the master on this node has needs not come over the network. */
    private Sources nearestFirst(Sources told) {
        return ownMaster
                .get()
                .map(own ->
                        new Sources(
                                first(own, told.first()),
                                told.inHalves() ? first(own, told.second()) : List.of()))
                .orElse(told);
    }

    private static List<Source> first(Source own, List<Source> told) {
        return Stream.concat(
                        Stream.of(own),
                        told.stream()
                                .filter(source ->
                                        !source.host().equals(own.host())
                                                || source.port() != own.port()))
                .toList();
    }

    private Optional<Arrival> pullWhole(Staging staging, Way.Whole whole)
            throws IOException, InterruptedException {
        Manifest manifest = staging.manifest();
        return pull(
                staging,
                new ContentPull.Order(
                        area.partialOf(manifest), manifest.content(), whole.sources()),
                bytes -> area.progress(manifest, bytes),
                () -> area.complete(manifest));
    }

    private interface Completion {
        void run() throws IOException;
    }

    /**
     * Pulls a package or a patch.
     *
     * @param completion run when it is whole, while others still read it as it grew
     * @return empty: another way is to be gone
     */
    private Optional<Arrival> pull(
            Staging staging, ContentPull.Order order, LongConsumer verified, Completion completion)
            throws IOException, InterruptedException {
        String sha256 = order.content().sha256().hex();
        PullWatch watch = new PullWatch(received, verified, changed, ticker);
        ContentPull pull = ContentPull.start(order, means, watch);
        begins(sha256, pull.content());
        pulls.add(pull);
        staging.pulls(pull, watch);
        Optional<Arrival> end;
        try {
            end = await(staging, pull, watch);
            if (end.isPresent() && end.get() instanceof Arrival.Complete) {
                completion.run();
            }
        } finally {
            staging.pullEnded();
            growing.remove(sha256);
            pulls.remove(pull);
            pull.close();
            watch.persist();
        }
        if (end.isEmpty()) {
            awaitClosed(pull.content());
        }
        return end;
    }

    private void begins(String sha256, GrowingContent content) {
        growing.put(sha256, content);
        server.appeared();
    }

    /** What goes on in the same file begins when this is out of it; readers may stay in it. */
    private static void awaitClosed(GrowingContent content) throws InterruptedException {
        if (!content.awaitClosed(CLOSE)) {
            LOG.info("content {}: still read", content.content().sha256());
        }
    }

    private Optional<Arrival> await(Staging staging, ContentPull pull, PullWatch watch)
            throws IOException, InterruptedException {
        CompletableFuture<Void> done = pull.done();
        CompletableFuture<?> first = CompletableFuture.anyOf(done, staging.otherWay());
        while (true) {
            try {
                first.get(LOOK.toSeconds(), TimeUnit.SECONDS);
                if (!done.isDone()) {
                    return Optional.empty();
                }
                done.get();
                return Optional.of(new Arrival.Complete(Optional.empty()));
            } catch (TimeoutException _) {
                if (watch.nanosWithoutProgress() > GIVE_UP.toNanos()) {
                    return Optional.of(
                            new Arrival.Failed(
                                    "%s: nothing came for %d s: %s"
                                            .formatted(
                                                    staging.manifest().title(),
                                                    GIVE_UP.toSeconds(),
                                                    watch.failures())));
                }
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                throw new IOException(String.valueOf(cause.getMessage()), e);
            }
        }
    }

    private Optional<Arrival> pullByPatch(Staging staging, Way.ByPatch way)
            throws IOException, InterruptedException {
        String base = way.base().content().sha256().hex();
        patches.begin(way.patch(), staging.manifest().content().sha256().hex());
        try (Holds.Hold _ =
                area.hold(base)
                        .orElseThrow(() ->
                                new IllegalStateException(
                                        base
                                                + " is removed while a patch needs it: one thread does both"))) {
            return pullAndApply(staging, way);
        } finally {
            patches.release(way.patch());
        }
    }

    /** Reserves the package's space, pulls the patch, and makes the package by it. */
    private Optional<Arrival> pullAndApply(Staging staging, Way.ByPatch way)
            throws IOException, InterruptedException {
        Manifest manifest = staging.manifest();
        String sha256 = manifest.content().sha256().hex();
        PatchApply apply =
                PatchApply.open(
                        zstd.orElseThrow(),
                        patches.file(way.patch()),
                        way.base(),
                        area.partialOf(manifest),
                        manifest.content(),
                        disk,
                        bytes -> area.progress(manifest, bytes));
        begins(sha256, apply.content());
        try {
            Optional<Arrival> pulled =
                    pull(
                            staging,
                            new ContentPull.Order(
                                    patches.directory(way.patch()), way.patch(), way.sources()),
                            bytes -> patches.progress(way.patch(), bytes),
                            () -> patches.progress(way.patch(), way.patch().size()));
            boolean isHere = pulled.isPresent() && pulled.get() instanceof Arrival.Complete;
            return isHere ? apply(manifest, way, apply) : pulled;
        } finally {
            growing.remove(sha256);
            apply.close();
            awaitClosed(apply.content());
        }
    }

    /** Empty: the patch is of no use, and the order will name another way. */
    private Optional<Arrival> apply(Manifest manifest, Way.ByPatch way, PatchApply apply)
            throws IOException, InterruptedException {
        Optional<String> refusal = refusal(apply);
        if (refusal.isPresent()) {
            LOG.warn(
                    "{}: the difference against {} is thrown away: {}",
                    manifest.title(),
                    way.baseVersion(),
                    refusal.get());
            patches.failed(way.patch(), manifest.content().sha256().hex(), refusal.get());
            changed.run();
            return Optional.empty();
        }
        area.complete(manifest);
        String how =
                "from a difference of %s against %s"
                        .formatted(Amount.of(way.patch().size()), way.baseVersion());
        LOG.info("{} {}", manifest.title(), how);
        return Optional.of(new Arrival.Complete(Optional.of(how)));
    }

    /**
     * Applies on a thread of its own, as it computes. What the disk did not give is a reason too:
     * when it does not take the package either, pulling it whole says so.
     */
    private static Optional<String> refusal(PatchApply apply) throws InterruptedException {
        FutureTask<PatchApply.Result> applying = new FutureTask<>(apply::run);
        Thread thread = Thread.ofPlatform().name("patch-apply").daemon().start(applying);
        try {
            return switch (applying.get()) {
                case PatchApply.Result.Applied _ -> Optional.empty();
                case PatchApply.Result.Refused(String reason) -> Optional.of(reason);
            };
        } catch (ExecutionException e) {
            return Optional.of(String.valueOf(e.getCause()));
        } finally {
            thread.interrupt();
            thread.join();
        }
    }

    /** Another order for a content that is being staged. */
    void update(Manifest manifest, StagePackage order) {
        Staging staging = stagings.get(manifest.content().sha256().hex());
        if (staging != null) {
            limit(order);
            staging.update(order);
        }
    }

    private void limit(StagePackage order) {
        long rate = Math.max(0, order.getMaxBytesPerSecond());
        down.set(rate);
        up.set(rate);
    }

    /** Ends all pulls; what is verified of them stays, durable. */
    @Override
    public void close() {
        sweeper.shutdownNow();
        List<ContentPull> open = List.copyOf(pulls);
        open.forEach(ContentPull::close);
        server.close();
        for (ContentPull pull : open) {
            try {
                if (!pull.content().awaitClosed(CLOSE)) {
                    LOG.warn("content {}: not closed", pull.content().content().sha256());
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
        network.close();
    }
}
