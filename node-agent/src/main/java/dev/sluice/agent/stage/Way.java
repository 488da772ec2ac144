package dev.sluice.agent.stage;

import dev.sluice.agent.config.HostPort;
import dev.sluice.transfer.patch.PatchSource;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.Sources;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.v1.ContentPatch;
import dev.sluice.v1.PackageLocation;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the content of a package comes to this node. */
sealed interface Way {

    /** Where what is pulled may be pulled from. */
    Sources sources();

    /** Every byte of it is pulled. */
    record Whole(Sources sources) implements Way {}

    /** A patch is pulled, and makes it of a content that is here. */
    record ByPatch(PackageContent patch, PatchSource base, String baseVersion, Sources sources)
            implements Way {}

    /** Whether a change of the sources is all that lies between the two. */
    static boolean same(Way one, Way other) {
        if (one.sources().inHalves() != other.sources().inHalves()) {
            return false;
        }
        return one instanceof ByPatch(var patch, var _, var _, var _)
                ? other instanceof ByPatch that && patch.equals(that.patch())
                : other instanceof Whole;
    }

    /**
     * What an order says that a patch is.
     *
     * @throws IllegalArgumentException when no patch is like that
     */
    static PackageContent patchOf(ContentPatch patch) {
        return new PackageContent(
                patch.getSize(),
                new Sha256(patch.getSha256()),
                PackageContent.LEAF_SIZE,
                new Sha256(patch.getMerkleRoot()));
    }

    /** Those that speak the transfer protocol. */
    static Sources sources(List<PackageLocation> first, List<PackageLocation> second) {
        return new Sources(sources(first), sources(second));
    }

    private static List<Source> sources(List<PackageLocation> locations) {
        Logger log = LoggerFactory.getLogger(Way.class);
        List<Source> sources = new ArrayList<>();
        for (PackageLocation location : locations) {
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
                log.warn("source {}: {}", location.getNodeId(), e.getMessage());
            }
        }
        return sources;
    }
}
