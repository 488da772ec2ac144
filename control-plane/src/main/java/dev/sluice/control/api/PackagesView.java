package dev.sluice.control.api;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Topology;
import dev.sluice.control.planner.Availability;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.v1.ListPackagesResponse;
import dev.sluice.v1.PackageStatus;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/** The imported packages, and how far the cluster is with each. */
final class PackagesView {

    private PackagesView() {}

    static ListPackagesResponse of(Outlook outlook) {
        ListPackagesResponse.Builder all = ListPackagesResponse.newBuilder();
        Optional<Topology> topology = ObservedTopology.lastKnown(outlook);
        if (topology.isPresent()) {
            Availability.of(topology.get(), catalogue(outlook.state()))
                    .forEach(availability ->
                            record(outlook, availability.pkg())
                                    .ifPresent(pkg ->
                                            all.addPackages(status(outlook, pkg, availability))));
        }
        return all.build();
    }

    /** One package; without figures when the list does not have it. */
    static PackageStatus of(Outlook outlook, PackageRef ref) {
        dev.sluice.v1.PackageRef wanted = WireValues.of(ref);
        return of(outlook).getPackagesList().stream()
                .filter(status -> status.getPackage().equals(wanted))
                .findFirst()
                .orElseGet(() -> PackageStatus.newBuilder().setPackage(wanted).build());
    }

    static Catalogue catalogue(ClusterState state) {
        return Catalogue.of(
                state.packages().values().stream().map(PackageRecord::descriptor).toList());
    }

    private static Optional<PackageRecord> record(Outlook outlook, PackageRef ref) {
        return Optional.ofNullable(outlook.state().packages().get(ref));
    }

    private static PackageStatus status(
            Outlook outlook, PackageRecord pkg, Availability availability) {
        List<String> requires =
                pkg.descriptor().requires().stream().map(Requirement::toString).toList();
        return PackageStatus.newBuilder()
                .setPackage(WireValues.of(pkg.ref()))
                .setKind(pkg.descriptor().kind().name())
                .setSizeBytes(pkg.descriptor().sizeBytes())
                .setContentSha256(pkg.contentSha256())
                .setAvailability(availability.state().name())
                .setBlockedBy(availability.reason())
                .addAllRequires(requires)
                .setSigner(pkg.signer())
                .setNodesStaged(nodes(outlook, facts -> facts.hasStaged(pkg.contentSha256())))
                .setNodesInstalled(nodes(outlook, facts -> facts.hasInstalled(pkg.ref())))
                .setDistributed(outlook.state().choices().distributed().contains(pkg.ref()))
                .setNodesSuited(suited(outlook, pkg).size())
                .setNodesLacking(
                        (int)
                                suited(outlook, pkg).stream()
                                        .filter(node -> lacks(outlook, node, pkg))
                                        .count())
                .setBytesStaged(bytesStaged(outlook, pkg))
                .build();
    }

    private static List<NodeId> suited(Outlook outlook, PackageRecord pkg) {
        Topology topology = outlook.state().topology();
        return topology == null ? List.of() : topology.suitedBy(pkg.descriptor());
    }

    /** A node that nothing is known of lacks it. */
    private static boolean lacks(Outlook outlook, NodeId node, PackageRecord pkg) {
        NodeObservation seen = outlook.fleet().get(node);
        NodeFacts facts = seen == null ? null : seen.facts();
        return facts == null || facts.lacks(pkg);
    }

    private static long bytesStaged(Outlook outlook, PackageRecord pkg) {
        return outlook.fleet().values().stream()
                .map(NodeObservation::facts)
                .filter(Objects::nonNull)
                .flatMap(facts -> facts.staged().stream())
                .filter(staged -> staged.contentSha256().equals(pkg.contentSha256()))
                .mapToLong(NodeFacts.Staged::bytesPresent)
                .sum();
    }

    private static int nodes(Outlook outlook, Predicate<NodeFacts> which) {
        return Math.toIntExact(
                outlook.fleet().values().stream()
                        .map(NodeObservation::facts)
                        .filter(Objects::nonNull)
                        .filter(which)
                        .count());
    }
}
