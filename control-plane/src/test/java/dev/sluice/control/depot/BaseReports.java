package dev.sluice.control.depot;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.trust.packages.PackageContent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** Nodes that report a version whole on their disks. */
final class BaseReports {

    private BaseReports() {}

    /** A node that runs a version and has its content. */
    static NodeObservation node(
            String id, PackageRef ref, PackageContent content, String transferAddress) {
        return node(
                id,
                ref,
                transferAddress,
                List.of(
                        staged(
                                content.sha256().hex(),
                                content.size(),
                                Optional.of(
                                        new NodeFacts.About(ref, content.merkleRoot().hex())))));
    }

    static NodeObservation node(
            String id, PackageRef ref, String transferAddress, List<NodeFacts.Staged> staged) {
        return node(id, ref, transferAddress, staged, 0);
    }

    static NodeObservation node(
            String id,
            PackageRef ref,
            String transferAddress,
            List<NodeFacts.Staged> staged,
            int clients) {
        NodeFacts facts =
                new NodeFacts(
                        new TreeMap<>(Map.of(ref.name(), ref.version())),
                        staged,
                        new NodeFacts.Service(true, ref.version().toString(), true, "", ""),
                        true,
                        new TreeMap<>(Map.of("customer", clients)),
                        "",
                        0,
                        "",
                        "",
                        new TreeMap<>(),
                        0,
                        "",
                        "");
        return new NodeObservation(
                new NodeId(id), 1, true, null, facts, Duration.ZERO, "1", "", transferAddress);
    }

    /** A content that patches can be applied to. */
    static NodeFacts.Staged staged(String sha256, long bytes, Optional<NodeFacts.About> about) {
        return new NodeFacts.Staged(
                sha256,
                bytes,
                bytes,
                true,
                "",
                new TreeSet<>(),
                "",
                new NodeFacts.Patching(true, "", 0, new TreeSet<>()),
                about);
    }
}
