package dev.sluice.control.api;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.Peers;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.state.ClusterState;
import dev.sluice.v1.GetStatusResponse;
import dev.sluice.v1.MasterStatus;
import java.util.List;
import java.util.Objects;

/** The cluster in a few figures. */
final class StatusView {

    private StatusView() {}

    static GetStatusResponse of(Outlook outlook) {
        ClusterState state = outlook.state();
        GetStatusResponse.Builder status =
                GetStatusResponse.newBuilder()
                        .setAnsweredBy(outlook.self().value())
                        .setPrimary(outlook.primary().map(NodeId::value).orElse(""))
                        .addAllMasters(masters(outlook))
                        .setCommittedIndex(state.index())
                        .setFrozenBy(Objects.toString(state.configuration().frozenBy(), ""))
                        .setFailoverBroken(state.failoverBroken())
                        .setNodesTotal(state.trafficNodes().size());
        Topology topology = state.topology();
        if (topology != null) {
            status.setCluster(topology.name());
        }
        if (state.office() != null) {
            status.setBallot(WireValues.of(state.office().ballot()));
        }
        traffic(outlook, status);
        address(outlook, status);
        state.currentUpgrade()
                .ifPresent(upgrade -> status.setUpgrade(UpgradeProgressView.summary(upgrade)));
        return status.build();
    }

    private static void traffic(Outlook outlook, GetStatusResponse.Builder status) {
        int accepting = 0;
        int unknown = 0;
        int sessions = 0;
        for (TrafficNode node : outlook.state().trafficNodes()) {
            accepting += outlook.accepts(node.id()) ? 1 : 0;
            unknown += outlook.known(node.id()).isPresent() ? 0 : 1;
            sessions += outlook.reported(node.id()).map(NodeFacts::clients).orElse(0);
        }
        status.setNodesAccepting(accepting).setNodesUnknown(unknown).setSessions(sessions);
    }

    private static void address(Outlook outlook, GetStatusResponse.Builder status) {
        String address = outlook.sharedAddress();
        if (address == null) {
            return;
        }
        status.setSharedAddress(address);
        outlook.fleet().keySet().stream()
                .filter(node ->
                        outlook.reported(node)
                                .filter(facts -> facts.heldAddress().equals(address))
                                .isPresent())
                .findFirst()
                .ifPresent(holder -> status.setSharedAddressHolder(holder.value()));
    }

    /** The masters, sorted by id. */
    static List<MasterStatus> masters(Outlook outlook) {
        Topology topology = outlook.state().topology();
        return topology == null
                ? List.of()
                : topology.masters().stream().map(master -> master(outlook, master)).toList();
    }

    private static MasterStatus master(Outlook outlook, Master master) {
        boolean primary = outlook.primary().filter(master.id()::equals).isPresent();
        MasterStatus.Builder status =
                MasterStatus.newBuilder()
                        .setId(master.id().value())
                        .setRegion(master.region().value())
                        .setRole((primary ? MasterRole.PRIMARY : MasterRole.BACKUP).name());
        outlook.reported(master.id())
                .ifPresent(facts -> status.putAllInstalled(WireValues.of(facts.installed())));
        if (master.id().equals(outlook.self())) {
            return status.setControlPlaneVersion(outlook.version())
                    .setConnected(true)
                    .setReplicatedIndex(outlook.state().index())
                    .build();
        }
        Peers.Peer peer = outlook.peers().get(master.id());
        if (peer != null) {
            boolean reached = isReached(outlook, peer, primary);
            status.setControlPlaneVersion(reached ? peer.controlPlaneVersion() : "")
                    .setConnected(reached)
                    .setReplicatedIndex(peer.durableIndex());
            peer.lastSync().ifPresent(at -> status.setLastSync(WireValues.of(at)));
        }
        return status.build();
    }

    /** Followers have a session here; the primary is one whom this master itself follows. */
    private static boolean isReached(Outlook outlook, Peers.Peer peer, boolean primary) {
        return peer.following()
                || (primary && !outlook.isInOffice() && !peer.controlPlaneVersion().isEmpty());
    }
}
