package dev.sluice.control.depot;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.PackageHead;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings into this master's depot what was imported at another one. A master that takes over with
 * an empty depot could not go on with an upgrade whose packages are not staged yet.
 *
 * <p>What comes from another master is pulled as agents pull, and served to agents while it comes:
 * a link between regions carries it once, for the depot and for the region's nodes. A package whose
 * signer is not trusted here stays out.
 */
public final class DepotFill implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DepotFill.class);

    /** Between two looks when something is missing and nobody gave it, whatever wakes it. */
    private static final long RETRY_MILLIS = 2_000;

    /** Looks that pass over a package which was refused: nothing changes that fast. */
    private static final int SIT_OUT = 30;

    private final Ports ports;
    private final Depot depot;
    private final Optional<PatchedFetch> patched;
    private final Semaphore wake = new Semaphore(0);

    /** What was last said of a content; it is said once. Owner thread only, like the next. */
    private final Map<String, String> said = new HashMap<>();

    private final Map<String, Integer> sitsOut = new HashMap<>();

    /** Contents of which what is near was refused: it is not read again. Owner thread only. */
    private final Set<String> wrongHere = new HashSet<>();

    /** Contents that did not come when they were asked for last. */
    private final Set<String> failed = ConcurrentHashMap.newKeySet();

    private volatile String fetching = "";
    private volatile @Nullable GrowingContent growing;
    private final @Nullable Thread thread;
    private volatile boolean closing;

    /**
     * What it works with.
     *
     * @param imported all packages that the cluster's state names
     * @param near what is on this machine: it is asked first
     * @param differences empty: everything is pulled whole
     * @param linkLimit bytes per second that may come from another master; 0: no limit
     * @param appeared called when a content has begun to come: who waits for it may have it now
     * @param keeper makes room for what is needed, and removes what the state does not name; empty:
     *     nothing is removed
     */
    public record Ports(
            Depot depot,
            Supplier<Collection<PackageRecord>> imported,
            Optional<ContentSource> near,
            OtherDepots others,
            Optional<Differences> differences,
            ToLongFunction<NodeId> linkLimit,
            ContentPull.Means means,
            FetchPatience patience,
            Runnable appeared,
            Optional<DepotKeeper> keeper) {}

    /** What it takes to make a package of one that is on this machine. */
    public record Differences(Zstd zstd, BasesHere bases) {}

    /** What came of a look at a package. */
    private enum Outcome {
        HERE,

        /** It is pulled when what makes it smaller is there. */
        SOON,
        FAILED
    }

    private DepotFill(Ports ports, boolean threaded) {
        this.ports = ports;
        this.depot = ports.depot();
        this.patched =
                ports.differences()
                        .map(with ->
                                new PatchedFetch(
                                        depot,
                                        with.zstd(),
                                        with.bases(),
                                        ports.means(),
                                        ports.patience()));
        this.thread = threaded ? Thread.ofPlatform().name("depot-fill").unstarted(this::run) : null;
    }

    /** Starts to look, at once and whenever it is woken. */
    public static DepotFill start(Ports ports) {
        DepotFill fill = new DepotFill(ports, true);
        Objects.requireNonNull(fill.thread).start();
        return fill;
    }

    /** One without a thread: its owner calls {@link #look}. */
    static DepotFill stepped(Ports ports) {
        return new DepotFill(ports, false);
    }

    /** Packages may have been imported; for any thread. */
    public void wake() {
        if (wake.availablePermits() == 0) {
            wake.release();
        }
    }

    private void run() {
        try {
            while (!closing) {
                wake.drainPermits();
                if (look()) {
                    wake.acquire();
                } else {
                    TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Removes what the state does not name, and fetches what is missing, one package after the
     * other: first what is needed, for which others make room.
     *
     * @return whether the depot has everything now
     */
    boolean look() throws InterruptedException {
        Set<String> missing = new HashSet<>();
        boolean complete = true;
        ports.keeper().ifPresent(DepotKeeper::sweep);
        List<PackageRecord> records = neededFirst();
        sweepFetches(records);
        for (PackageRecord record : records) {
            ContentId id = new ContentId(record.contentSha256());
            if (closing) {
                continue;
            }
            missing.add(id.sha256());
            if (sitsOut.merge(id.sha256(), -1, Integer::sum) > 0) {
                complete = false;
                continue;
            }
            sitsOut.remove(id.sha256());
            Outcome outcome = fetch(record, id);
            if (outcome == Outcome.FAILED) {
                failed.add(id.sha256());
            } else {
                failed.remove(id.sha256());
            }
            complete &= outcome == Outcome.HERE;
        }
        if (!records.isEmpty()) {
            sweepFetches(neededFirst()); // what came just now was perhaps made by a patch
        }
        said.keySet().retainAll(missing);
        wrongHere.retainAll(missing);
        sitsOut.keySet().retainAll(missing);
        failed.retainAll(missing);
        return complete;
    }

    private List<PackageRecord> neededFirst() {
        return ports.imported().get().stream()
                .filter(record -> !depot.has(new ContentId(record.contentSha256())))
                .sorted(Comparator.comparing((PackageRecord record) -> !isNeeded(record)))
                .toList();
    }

    private void sweepFetches(List<PackageRecord> missing) {
        try {
            depot.sweepFetches(
                    missing.stream()
                            .map(record -> new ContentId(record.contentSha256()))
                            .collect(Collectors.toSet()));
        } catch (IOException e) {
            LOG.warn("depot: what was fetched of packages that are gone: {}", e.getMessage());
        }
    }

    private boolean isNeeded(PackageRecord record) {
        return ports.keeper().isPresent() && ports.keeper().get().needs(record);
    }

    private Depot.Cleaner cleanerFor(PackageRecord record) {
        return isNeeded(record) ? ports.keeper().get() : Depot.Cleaner.NONE;
    }

    private Outcome fetch(PackageRecord record, ContentId id) throws InterruptedException {
        if (ports.near().isPresent()
                && ports.near().get().has(id)
                && !wrongHere.contains(id.sha256())
                && copy(record, id, ports.near().get())) {
            return Outcome.HERE;
        }
        fetching = id.sha256();
        try {
            OtherDepots.Found found = ports.others().find(id);
            if (found.sources().isEmpty()) {
                say(record, found.reasons());
                return Outcome.FAILED;
            }
            long fetched = depot.fetched(ManifestReading.content(record));
            if (fetched == 0 && patched.filter(patches -> patches.isComing(found)).isPresent()) {
                return Outcome.SOON;
            }
            return switch (depot.fetch(record, cleanerFor(record))) {
                case FetchStart.Begun(DepotFetch begun) -> {
                    try (begun) {
                        yield patch(record, begun, found, fetched)
                                        || pull(record, begun, found.sources())
                                ? Outcome.HERE
                                : Outcome.FAILED;
                    }
                }
                case FetchStart.Refused(Refusal refusal) -> {
                    sitsOut.put(id.sha256(), SIT_OUT);
                    say(record, "it is refused: " + refusal);
                    yield Outcome.FAILED;
                }
            };
        } catch (IOException e) {
            say(record, String.valueOf(e.getMessage()));
            return Outcome.FAILED;
        } finally {
            fetching = "";
        }
    }

    /** From elsewhere on this machine. */
    private boolean copy(PackageRecord record, ContentId id, ContentSource from) {
        byte[] head = PackageHead.encode(record.manifest().toArray(), record.signature().toArray());
        try (InputStream content = open(from, id)) {
            ImportResult result =
                    depot.importPackage(
                            new SequenceInputStream(new ByteArrayInputStream(head), content),
                            cleanerFor(record));
            switch (result) {
                case ImportResult.Imported _ -> {
                    LOG.info("depot: {} is here, from the agent of this node", record.ref());
                    return true;
                }
                case ImportResult.Refused(var refusal) -> {
                    wrongHere.add(id.sha256());
                    say(record, "from the agent of this node it was refused: " + refusal);
                }
            }
        } catch (IOException e) {
            say(record, "the agent of this node: " + e.getMessage());
        }
        return false;
    }

    private static InputStream open(ContentSource source, ContentId id) throws IOException {
        ContentSource.Place place =
                source.place(id)
                        .orElseThrow(() -> new IOException("it was removed in this moment"));
        FileChannel file = FileChannel.open(place.file(), StandardOpenOption.READ);
        try {
            return Channels.newInputStream(file.position(place.start()));
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /** Makes it of a version that is on this machine, when another master has the difference. */
    private boolean patch(
            PackageRecord record, DepotFetch fetch, OtherDepots.Found found, long fetched)
            throws InterruptedException {
        Optional<PatchedFetch.Choice> choice =
                patched.flatMap(patches -> patches.choose(found, fetch.content().size() - fetched));
        if (choice.isEmpty()) {
            return false;
        }
        try {
            Path directory =
                    depot.patchDirectory(
                            new ContentId(record.contentSha256()), choice.get().patch().content());
            String came =
                    patched.orElseThrow()
                            .run(
                                    choice.get(),
                                    fetch,
                                    new PatchedFetch.Means(
                                            directory, this::limited, new Serving()));
            LOG.info("depot: {} is here, {}", record.ref(), came);
            return true;
        } catch (IOException e) {
            LOG.warn("depot: {} is pulled whole: {}", record.ref(), e.getMessage());
            return false;
        }
    }

    /** What comes is served from its beginning on, until it has its name or failed. */
    private final class Serving implements PatchedFetch.Serving {
        @Override
        public void begin(GrowingContent content) {
            growing = content;
            ports.appeared().run();
        }

        @Override
        public void end() {
            growing = null;
        }
    }

    private boolean pull(PackageRecord record, DepotFetch fetch, List<Source> from)
            throws IOException, InterruptedException {
        try (WatchedPull pull =
                WatchedPull.start(
                        fetch.directory(),
                        fetch.content(),
                        () -> limited(from),
                        ports.means(),
                        ports.patience())) {
            fetch.reserved();
            if (completed(pull, fetch)) {
                LOG.info("depot: {} is here, {}", record.ref(), pull.amounts("master"));
                return true;
            }
            say(record, pull.failures() + "; it goes on later, with " + pull.amounts("master"));
            return false;
        }
    }

    private boolean completed(WatchedPull pull, DepotFetch fetch)
            throws IOException, InterruptedException {
        Serving serving = new Serving();
        serving.begin(pull.content());
        try {
            boolean isWhole = pull.await();
            if (isWhole) {
                fetch.complete();
            }
            return isWhole;
        } finally {
            serving.end();
        }
    }

    private List<Source> limited(List<Source> sources) {
        return sources.stream()
                .map(source ->
                        source.limitedTo(ports.linkLimit().applyAsLong(new NodeId(source.node()))))
                .toList();
    }

    /** What is being fetched, to be served meanwhile; for any thread. */
    public Optional<ReadableContent> growing(String contentSha256) {
        GrowingContent now = growing;
        return now != null && now.content().sha256().hex().equals(contentSha256)
                ? Optional.of(now)
                : Optional.empty();
    }

    /** Whether a content that is not here is fetched now, or will be at once; for any thread. */
    public boolean isComing(String contentSha256) {
        String now = fetching;
        return now.isEmpty()
                ? !failed.contains(contentSha256)
                        && ports.imported().get().stream()
                                .anyMatch(pkg -> pkg.contentSha256().equals(contentSha256))
                : now.equals(contentSha256);
    }

    private void say(PackageRecord record, String what) {
        if (!what.equals(said.put(record.contentSha256(), what))) {
            LOG.warn("depot: {} is not here: {}", record.ref(), what);
        }
    }

    /** Ends what it does; of a fetch that runs what is verified stays, for the next start. */
    @Override
    public void close() {
        closing = true;
        DepotThreads.end(thread);
    }
}
