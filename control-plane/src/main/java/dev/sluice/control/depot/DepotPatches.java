package dev.sluice.control.depot;

import dev.sluice.control.executor.ContentPatch;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.transfer.patch.PatchMaker;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.serve.ContentLibrary;
import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.LeafFile;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.LeafTable;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The patches of this master's packages, made one at a time by a thread of its own: from each
 * version that nodes have to each later one that is imported. {@code patches/A-B/} is the one that
 * makes content A of content B; it appears by rename when it is whole, and goes when it is of no
 * use any more. One that is half made when the process dies is removed at the next start.
 */
public final class DepotPatches implements ContentLibrary, PatchOffers, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DepotPatches.class);

    /** Between two looks when nothing is told: nodes report other versions in the meantime. */
    private static final Duration LOOK = Duration.ofSeconds(10);

    /** Between two looks whatever wakes it: a look reads what all nodes report. */
    private static final Duration PACE = Duration.ofSeconds(1);

    /** What could not be made, for the disk was full or a content away, is tried again then. */
    private static final Duration RETRY = Duration.ofMinutes(10);

    /** A patch stays for so long after its base was last imported, or reported by a node. */
    private static final Duration BASE_FORGOTTEN = Duration.ofHours(1);

    /** Nodes wait for a patch for this long at most after it was first wished for. */
    static final Duration AWAITED = Duration.ofMinutes(2);

    private static final String MAKING = ".making";

    /** A patch is kept when it is smaller than this part of the whole content. */
    private static final int FRACTION = 2;

    private final Ports ports;
    private final Path directory;
    private final Semaphore wake = new Semaphore(0);
    private final Map<String, KeptPatch> kept = new ConcurrentHashMap<>();

    /** Since when a package has patches that are wished for and not made, by their bases. */
    private final Map<PackageRef, Map<String, Long>> making = new ConcurrentHashMap<>();

    private final @Nullable Thread thread;
    private volatile Map<PackageRef, List<ContentPatch>> served = Map.of();

    /** Packages that a look has seen: what is wished for of them stands in {@link #making}. */
    private volatile Set<PackageRef> looked = Set.of();

    /** Of packages that no look has seen. */
    private final ForeseenPatches foreseen;

    private volatile boolean closing;

    // Used by the one thread that looks.
    private final Map<String, Long> retryAt = new HashMap<>();
    private final Map<String, Long> wishedAt = new HashMap<>();

    /** When the base of a patch was known last. */
    private final Map<String, Long> baseKnownAt = new HashMap<>();

    /**
     * What it works with.
     *
     * @param directory of the depot; patches lie in one below it, tables in {@code tables}
     * @param zstd empty: no patches are made
     * @param imported all packages that the cluster's state names
     * @param fleet what is known of the nodes
     * @param contents where packages are whole on this machine
     * @param bases brings bases that are not; empty: nothing is fetched
     * @param ticker nanoseconds of a monotonic clock
     */
    public record Ports(
            Path directory,
            Path tables,
            Optional<Zstd> zstd,
            Supplier<? extends Collection<PackageRecord>> imported,
            Supplier<? extends Collection<NodeObservation>> fleet,
            List<? extends ContentSource> contents,
            Optional<NodeBases> bases,
            LongSupplier ticker) {
        public Ports {
            contents = List.copyOf(contents);
        }
    }

    private DepotPatches(Ports ports, boolean threaded) throws IOException {
        this.ports = ports;
        this.directory = Files.createDirectories(ports.directory().resolve("patches"));
        this.foreseen =
                new ForeseenPatches(
                        () -> PatchWish.of(ports.imported().get(), ports.fleet().get()),
                        this::canBeMade);
        Files.createDirectories(ports.tables());
        this.thread =
                threaded ? Thread.ofPlatform().name("depot-patches").unstarted(this::run) : null;
        read();
    }

    /** Starts to look, at once and whenever it is woken. */
    public static DepotPatches start(Ports ports) throws IOException {
        DepotPatches patches = new DepotPatches(ports, true);
        if (patches.thread != null) {
            patches.thread.start();
        }
        return patches;
    }

    /** One without a thread: its owner calls {@link #look}. */
    static DepotPatches stepped(Ports ports) throws IOException {
        return new DepotPatches(ports, false);
    }

    /** Takes what earlier processes made, and removes what they left half done. */
    private void read() throws IOException {
        DepotFiles.remove(directory.resolve(MAKING));
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            for (Path found : stream) {
                try {
                    kept.put(found.getFileName().toString(), KeptPatch.read(found));
                } catch (IOException e) {
                    LOG.info("patch {}: is made anew: {}", found, e.getMessage());
                    DepotFiles.remove(found);
                }
            }
        }
    }

    /** Packages may have been imported or removed; for any thread. */
    public void wake() {
        if (wake.availablePermits() == 0) {
            wake.release();
        }
    }

    private void run() {
        while (!closing) {
            try {
                wake.drainPermits();
                look();
                TimeUnit.MILLISECONDS.sleep(PACE.toMillis());
                boolean _ = wake.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return;
            } catch (IOException | RuntimeException e) {
                LOG.error("patches of the depot: a look failed; it looks again", e);
            }
        }
    }

    /**
     * Removes what is of no use any more, and makes what is wished for, one after the other: what
     * is wished for next is seen anew each time.
     */
    void look() throws IOException, InterruptedException {
        if (ports.zstd().isEmpty()) {
            return;
        }
        Optional<PatchWish> next = next();
        while (next.isPresent() && !closing) {
            make(next.get());
            next = next();
        }
    }

    /**
     * What is to be made now; empty: nothing. Each is made, or rests, before it could come again.
     */
    private Optional<PatchWish> next() throws IOException {
        List<PackageRecord> imported = List.copyOf(ports.imported().get());
        List<NodeObservation> fleet = List.copyOf(ports.fleet().get());
        Map<String, PatchBase> bases = PatchBase.known(imported, fleet);
        List<PatchWish> wishes = PatchWish.of(imported, bases.values(), fleet);
        forget(imported, bases.keySet());
        Set<String> names = wishes.stream().map(PatchWish::name).collect(Collectors.toSet());
        wishedAt.keySet().retainAll(names);
        retryAt.keySet().retainAll(names);
        List<PatchWish> open =
                wishes.stream()
                        .filter(this::isOpen)
                        .sorted(Comparator.comparing(wish -> place(wish.base()).isEmpty()))
                        .toList();
        serve(imported);
        expect(open);
        looked = imported.stream().map(PackageRecord::ref).collect(Collectors.toSet());
        foreseen.forget();
        dropBases(open);
        return open.stream().findFirst();
    }

    private boolean isOpen(PatchWish wish) {
        Long again = retryAt.get(wish.name());
        boolean rests = again != null && ports.ticker().getAsLong() - again < 0;
        return !kept.containsKey(wish.name()) && !rests && canBeMade(wish);
    }

    /** Whether target and base are here, or the base can be fetched; for any thread. */
    private boolean canBeMade(PatchWish wish) {
        return place(wish.target().contentSha256()).isPresent()
                && (place(wish.base()).isPresent() || canCome(wish));
    }

    private boolean canCome(PatchWish wish) {
        return wish.nodes() >= NodeBases.WORTH_NODES
                && wish.base() instanceof PatchBase.Reported reported
                && ports.bases().filter(bases -> bases.canCome(reported)).isPresent();
    }

    /** Bases that were fetched go when nothing is to be made of them. */
    private void dropBases(List<PatchWish> open) throws IOException {
        if (ports.bases().isPresent()) {
            ports.bases()
                    .get()
                    .keepOnly(
                            open.stream()
                                    .map(wish -> wish.base().contentSha256())
                                    .collect(Collectors.toSet()));
        }
    }

    private Optional<ContentSource.Place> place(PatchBase base) {
        return place(base.contentSha256())
                .or(() -> ports.bases().flatMap(bases -> bases.place(base.contentSha256())));
    }

    /** Where a content is on this machine. */
    private Optional<ContentSource.Place> place(String contentSha256) {
        return ContentPlaces.first(ports.contents(), contentSha256);
    }

    /** Notes which packages' patches are on their way. */
    private void expect(List<PatchWish> open) {
        long now = ports.ticker().getAsLong();
        Map<PackageRef, Map<String, Long>> since = new HashMap<>();
        for (PatchWish wish : open) {
            since.computeIfAbsent(wish.target().ref(), _ -> new HashMap<>())
                    .put(
                            wish.base().contentSha256(),
                            wishedAt.computeIfAbsent(
                                    wish.name(),
                                    _ -> foreseen.askedAt(wish.target().ref()).orElse(now)));
        }
        making.keySet().retainAll(since.keySet());
        since.forEach((pkg, bases) -> making.put(pkg, Map.copyOf(bases)));
    }

    /**
     * Removes patches of which the package is not imported any more, or the base is neither that
     * nor on any node. Which versions are installed does not count, and the base not at once: nodes
     * that are away come back with theirs.
     */
    private void forget(List<PackageRecord> imported, Set<String> bases) throws IOException {
        Set<String> targets =
                imported.stream().map(PackageRecord::contentSha256).collect(Collectors.toSet());
        long now = ports.ticker().getAsLong();
        baseKnownAt.keySet().retainAll(kept.keySet());
        for (Map.Entry<String, KeptPatch> entry : new TreeMap<>(kept).entrySet()) {
            String name = entry.getKey();
            KeptPatch patch = entry.getValue();
            if (bases.contains(patch.base())) {
                baseKnownAt.put(name, now);
            }
            long known = baseKnownAt.computeIfAbsent(name, _ -> now);
            if (!targets.contains(patch.target()) || now - known > BASE_FORGOTTEN.toNanos()) {
                kept.remove(name);
                serve(imported);
                DepotFiles.remove(patch.directory());
                LOG.info("patch {}: removed, its package or its base is gone", name);
            }
        }
    }

    private void serve(List<PackageRecord> imported) {
        Map<String, PackageRef> byContent = new HashMap<>();
        imported.forEach(pkg -> byContent.put(pkg.contentSha256(), pkg.ref()));
        Map<PackageRef, List<ContentPatch>> now = new HashMap<>();
        for (KeptPatch patch : new TreeMap<>(kept).values()) {
            PackageRef target = byContent.get(patch.target());
            if (target != null && patch.made().isPresent()) {
                now.computeIfAbsent(target, _ -> new ArrayList<>())
                        .add(served(patch.made().get(), patch.base()));
            }
        }
        served = now;
    }

    private static ContentPatch served(KeptPatch.Made made, String baseSha256) {
        PackageContent patch = made.content();
        return new ContentPatch(
                made.base(),
                baseSha256,
                patch.sha256().hex(),
                patch.size(),
                patch.merkleRoot().hex());
    }

    private void make(PatchWish wish) throws InterruptedException {
        Path half = directory.resolve(MAKING);
        try {
            DepotFiles.remove(half);
            if (place(wish.base()).isEmpty()) {
                bring(wish.base());
            }
            Files.createDirectory(half);
            long began = ports.ticker().getAsLong();
            Optional<LeafHashing.Described> made = make(wish, KeptPatch.file(half));
            KeptPatch.write(half, made, wish.base().ref());
            Path place = directory.resolve(wish.name());
            DepotFiles.sync(half);
            Files.move(half, place, StandardCopyOption.ATOMIC_MOVE);
            DepotFiles.sync(directory);
            kept.put(wish.name(), KeptPatch.read(place));
            tell(wish, made, ports.ticker().getAsLong() - began);
        } catch (ClosedByInterruptException _) {
            LOG.info("patch {} from {}: given up", wish.target().ref(), wish.base().ref());
            discard(half);
        } catch (IOException | RuntimeException e) {
            retryAt.put(wish.name(), ports.ticker().getAsLong() + RETRY.toNanos());
            LOG.warn(
                    "patch {} from {}: not made, again in {} min: {}",
                    wish.target().ref(),
                    wish.base().ref(),
                    RETRY.toMinutes(),
                    e.toString());
            discard(half);
        }
    }

    private void bring(PatchBase base) throws IOException, InterruptedException {
        if (base instanceof PatchBase.Reported reported && ports.bases().isPresent()) {
            ports.bases().get().fetch(reported);
        }
    }

    /** Frees the disk of what is of no use; the next one removes it too. */
    private static void discard(Path half) {
        try {
            DepotFiles.remove(half);
        } catch (IOException e) {
            LOG.warn("{}: cannot be removed: {}", half, e.getMessage());
        }
    }

    private Optional<LeafHashing.Described> make(PatchWish wish, Path into) throws IOException {
        PatchSource base = source(wish.base().ref(), place(wish.base()), wish.base().content());
        if (wish.base() instanceof PatchBase.Reported reported
                && place(reported.contentSha256()).isPresent()) {
            reported.requireIn(base.file()); // what was fetched has been read
        }
        PackageRecord pkg = wish.target();
        PatchSource target =
                source(pkg.ref(), place(pkg.contentSha256()), ManifestReading.content(pkg));
        PackageContent content = target.content();
        Path leaves = ports.tables().resolve(content.sha256().hex());
        var _ = CompleteContent.withTable(content, target.file(), target.start(), leaves);
        LeafTable table =
                LeafFile.read(leaves, content)
                        .orElseThrow(() -> new IOException(leaves + ": is not the leaf table"));
        return new PatchMaker(ports.zstd().orElseThrow())
                .make(base, target, table, into, content.size() / FRACTION);
    }

    private static PatchSource source(
            PackageRef pkg, Optional<ContentSource.Place> place, PackageContent content)
            throws IOException {
        ContentSource.Place at =
                place.orElseThrow(() -> new IOException(pkg + ": is not here any more"));
        return new PatchSource(at.file(), at.start(), content);
    }

    private static void tell(PatchWish wish, Optional<LeafHashing.Described> made, long nanos) {
        LOG.info(
                "patch {} from {}: {} for {} bytes, {} ms",
                wish.target().ref(),
                wish.base().ref(),
                made.map(m -> m.content().size() + " bytes").orElse("would be too large"),
                wish.target().descriptor().sizeBytes(),
                TimeUnit.NANOSECONDS.toMillis(nanos));
    }

    /** The patches that make a package and are whole here. */
    List<ContentPatch> of(PackageRef pkg) {
        return served.getOrDefault(pkg, List.of());
    }

    /**
     * The contents from which a patch to this package is on its way, for {@link #AWAITED} at most.
     */
    Set<String> inMaking(PackageRef pkg) {
        long now = ports.ticker().getAsLong();
        if (!looked.contains(pkg) && ports.zstd().isPresent()) {
            return foreseen.of(pkg, now, AWAITED);
        }
        return making.getOrDefault(pkg, Map.of()).entrySet().stream()
                .filter(base -> now - base.getValue() < AWAITED.toNanos())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private Optional<PackageRef> ref(ContentId target) {
        return ports.imported().get().stream()
                .filter(pkg -> pkg.contentSha256().equals(target.sha256()))
                .map(PackageRecord::ref)
                .findFirst();
    }

    @Override
    public List<ContentPatch> patches(ContentId target) {
        return ref(target).map(this::of).orElse(List.of());
    }

    @Override
    public Set<String> inMaking(ContentId target) {
        return ref(target).map(this::inMaking).orElse(Set.of());
    }

    @Override
    public Optional<ReadableContent> find(Sha256 content) throws IOException {
        for (KeptPatch patch : kept.values()) {
            if (patch.made().filter(m -> m.content().sha256().equals(content)).isPresent()) {
                return Optional.of(patch.served());
            }
        }
        return Optional.empty();
    }

    /** Ends what it does; nothing is kept of a patch that is being made. */
    @Override
    public void close() {
        closing = true;
        DepotThreads.end(thread);
    }
}
