package dev.sluice.control.api;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.v1.ListNodesResponse;
import dev.sluice.v1.NodeStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** The nodes as this master knows them now: masters first, each sorted by id. */
final class NodesView {

    private final Outlook outlook;
    private final Map<String, PackageRef> contents = new HashMap<>();

    private NodesView(Outlook outlook) {
        this.outlook = outlook;
        for (PackageRecord pkg : outlook.state().packages().values()) {
            contents.put(pkg.contentSha256(), pkg.ref());
        }
    }

    /**
     * The nodes of a region, or of all for an empty name.
     *
     * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT for a region that has no nodes
     */
    static ListNodesResponse of(Outlook outlook, String region) {
        Topology topology = outlook.state().topology();
        if (topology == null) {
            return ListNodesResponse.getDefaultInstance();
        }
        requireRegion(topology, region);
        NodesView view = new NodesView(outlook);
        ListNodesResponse.Builder all = ListNodesResponse.newBuilder();
        for (Master master : topology.masters()) {
            if (isIn(region, master.region())) {
                all.addNodes(view.node(master.id(), master.region(), "MASTER").build());
            }
        }
        for (TrafficNode node : topology.nodes()) {
            if (isIn(region, node.region())) {
                all.addNodes(view.traffic(node));
            }
        }
        return all.build();
    }

    private static boolean isIn(String wanted, RegionId region) {
        return wanted.isEmpty() || wanted.equals(region.value());
    }

    private static void requireRegion(Topology topology, String region) {
        SortedSet<RegionId> regions = new TreeSet<>();
        topology.masters().forEach(master -> regions.add(master.region()));
        topology.nodes().forEach(node -> regions.add(node.region()));
        if (!region.isEmpty() && regions.stream().noneMatch(r -> r.value().equals(region))) {
            throw ApiErrors.invalid("region", "one of " + regions, region);
        }
    }

    private NodeStatus traffic(TrafficNode node) {
        NodeStatus.Builder status =
                node(node.id(), node.region(), "TRAFFIC")
                        .setAccepting(outlook.accepts(node.id()))
                        .setOperatorClosed(outlook.state().operatorClosed().contains(node.id()));
        if (node.zone() != null) {
            status.setZone(node.zone().value());
        }
        return status.build();
    }

    private NodeStatus.Builder node(NodeId id, RegionId region, String role) {
        NodeStatus.Builder status =
                NodeStatus.newBuilder()
                        .setId(id.value())
                        .setRegion(region.value())
                        .setRole(role)
                        .setConnected(outlook.isConnected(id))
                        .setFenced(outlook.isFenced(id))
                        .setHealthy(outlook.isHealthy(id))
                        .setRemark(outlook.remark(id));
        NodeObservation observed = outlook.fleet().get(id);
        if (observed != null && observed.facts() != null) {
            status.setReportAge(WireValues.of(observed.age()));
        }
        outlook.reported(id).ifPresent(facts -> facts(facts, status));
        return status;
    }

    private void facts(NodeFacts facts, NodeStatus.Builder status) {
        status.putAllSessions(facts.sessions())
                .putAllInstalled(WireValues.of(facts.installed()))
                .setRunningVersion(facts.service().version())
                .addAllStaged(staged(facts))
                .setActivity(facts.activity())
                .putAllReceivedBytes(facts.receivedBytes())
                .setServiceAddress(facts.service().address());
    }

    /** Packages on the node's disk by name; those on their way with how far they are. */
    private List<String> staged(NodeFacts facts) {
        List<String> texts = new ArrayList<>();
        for (NodeFacts.Staged staged : facts.staged()) {
            PackageRef ref = contents.get(staged.contentSha256());
            String name = ref == null ? "content " + staged.contentSha256() : ref.toString();
            texts.add(
                    staged.complete()
                            ? name
                            : "%s (%d of %d bytes%s)"
                                    .formatted(
                                            name,
                                            staged.bytesPresent(),
                                            staged.bytesTotal(),
                                            byPatch(staged)));
        }
        return texts;
    }

    private static String byPatch(NodeFacts.Staged staged) {
        return staged.patching().patch().isEmpty()
                ? ""
                : ", by a difference of which %d bytes are here"
                        .formatted(staged.patching().bytesPresent());
    }
}
