package dev.sluice.control.depot;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.NodeId;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.store.GrowingContent;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Versions that nodes have and this master has not, pulled from nodes near it for as long as
 * patches are made from them. They are no packages: nobody installs or pulls them from here.
 *
 * <p>{@link #fetch} and {@link #keepOnly} are for one thread, the others for any.
 */
public final class NodeBases {

    private static final Logger LOG = LoggerFactory.getLogger(NodeBases.class);

    /** The transfer of a base is made up for by what it saves at the second node. */
    static final int WORTH_NODES = 2;

    /** As many as a pull takes. */
    private static final int MAX_SOURCES = 16;

    private final Ports ports;
    private final Map<String, Kept> kept = new ConcurrentHashMap<>();

    /**
     * What it works with.
     *
     * @param directory its own; what is in it at the start is removed
     * @param depot in whose room bases lie
     * @param near nodes that no link between regions lies before
     * @param limit bytes per second that a base may come with; 0: no limit
     */
    public record Ports(
            Path directory,
            Depot depot,
            Supplier<? extends Collection<NodeObservation>> fleet,
            Supplier<Set<NodeId>> near,
            LongSupplier limit,
            ContentPull.Means means,
            FetchPatience patience) {}

    private record Kept(Path directory, DepotRoom.Claim claim) {}

    public NodeBases(Ports ports) throws IOException {
        this.ports = ports;
        Files.createDirectories(ports.directory());
        try (DirectoryStream<Path> left = Files.newDirectoryStream(ports.directory())) {
            for (Path directory : left) {
                DepotFiles.remove(directory);
            }
        }
    }

    /** Whether a base is here, or can be had from nodes. */
    boolean canCome(PatchBase.Reported base) {
        long limit = ports.limit().getAsLong();
        boolean isInTime =
                limit == 0 || base.content().size() / limit < DepotPatches.AWAITED.toSeconds();
        return kept.containsKey(base.contentSha256()) || (isInTime && !sources(base).isEmpty());
    }

    private List<Source> sources(PatchBase.Reported base) {
        Set<NodeId> near = ports.near().get();
        return ports.fleet().get().stream()
                .filter(seen -> seen.connected() && near.contains(seen.node()))
                .filter(seen -> ReportedBases.has(seen, base))
                .sorted(
                        Comparator.comparingInt(NodeBases::clients)
                                .thenComparing(NodeObservation::node))
                .map(this::source)
                .flatMap(Optional::stream)
                .limit(MAX_SOURCES)
                .toList();
    }

    /** Who has few clients has the most of its uplink to spare. */
    private static int clients(NodeObservation seen) {
        NodeFacts facts = seen.facts();
        return facts == null ? Integer.MAX_VALUE : facts.clients();
    }

    private Optional<Source> source(NodeObservation seen) {
        String address = seen.transferAddress();
        int colon = address.lastIndexOf(':');
        if (colon < 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new Source(
                            seen.node().value(),
                            address.substring(0, colon),
                            Integer.parseInt(address.substring(colon + 1)),
                            ports.limit().getAsLong()));
        } catch (IllegalArgumentException e) {
            LOG.debug("node {}: {}", seen.node(), e.getMessage());
            return Optional.empty();
        }
    }

    /** Where the bytes of a base are; empty when it is not whole here. */
    Optional<ContentSource.Place> place(String contentSha256) {
        return Optional.ofNullable(kept.get(contentSha256))
                .map(whole ->
                        new ContentSource.Place(
                                whole.directory().resolve(GrowingContent.partName()), 0));
    }

    /**
     * Brings a base here. It stays until {@link #keepOnly} does not name it.
     *
     * @throws IOException saying why it did not come; nothing is left of it then
     */
    void fetch(PatchBase.Reported base) throws IOException, InterruptedException {
        DepotRoom.Claim claim = ports.depot().roomAside(base.content().size());
        Path directory = ports.directory().resolve(base.contentSha256());
        boolean isWhole = false;
        try {
            DepotFiles.remove(directory);
            Files.createDirectory(directory);
            pull(base, directory, claim);
            base.requireIn(directory.resolve(GrowingContent.partName()));
            kept.put(base.contentSha256(), new Kept(directory, claim));
            isWhole = true;
        } finally {
            if (!isWhole) {
                claim.close();
                DepotFiles.remove(directory);
            }
        }
    }

    private void pull(PatchBase.Reported base, Path directory, DepotRoom.Claim claim)
            throws IOException, InterruptedException {
        // Their order stays: counts of clients change with each report.
        List<Source> sources = sources(base);
        try (WatchedPull pull =
                WatchedPull.start(
                        directory,
                        base.content(),
                        () -> limited(sources, ports.limit().getAsLong()),
                        ports.means(),
                        ports.patience().atMost(DepotPatches.AWAITED))) {
            claim.reserved();
            if (!pull.await()) {
                throw new IOException(
                        "%s, which nodes have, did not come: %s"
                                .formatted(base.ref(), pull.failures()));
            }
            LOG.info("depot: {} is here for patches, {}", base.ref(), pull.amounts("node"));
        }
    }

    private static List<Source> limited(List<Source> sources, long bytesPerSecond) {
        return sources.stream().map(source -> source.limitedTo(bytesPerSecond)).toList();
    }

    /** Removes all others. */
    void keepOnly(Set<String> wanted) throws IOException {
        for (Map.Entry<String, Kept> entry : List.copyOf(kept.entrySet())) {
            if (!wanted.contains(entry.getKey())) {
                kept.remove(entry.getKey());
                entry.getValue().claim().close();
                DepotFiles.remove(entry.getValue().directory());
            }
        }
    }
}
