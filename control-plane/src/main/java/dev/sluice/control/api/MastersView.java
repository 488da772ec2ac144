package dev.sluice.control.api;

import dev.sluice.control.executor.Peers;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Upgrade;
import dev.sluice.v1.ListMastersResponse;
import dev.sluice.v1.MasterDetail;
import dev.sluice.v1.MasterStatus;
import dev.sluice.v1.ResyncProgress;
import dev.sluice.v1.WitnessDetail;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The masters, the witnesses, and who would take over, as one master knows them. */
final class MastersView {

    private final Outlook outlook;
    private final Masters.Standing standing;

    MastersView(Outlook outlook, Masters.Standing standing) {
        this.outlook = outlook;
        this.standing = standing;
    }

    ListMastersResponse list() {
        ClusterState state = outlook.state();
        ListMastersResponse.Builder list =
                ListMastersResponse.newBuilder()
                        .setAnsweredBy(outlook.self().value())
                        .setPrimary(primary().map(NodeId::value).orElse(""))
                        .setStanding(standing.kind().name())
                        .setStandingWords(standing.words())
                        .setAutomaticFailover(state.automaticFailover() && !state.failoverBroken())
                        .setBrokenByPlan(brokenBy().map(PlanId::value).orElse(""));
        Topology topology = state.topology();
        if (topology != null) {
            list.setCluster(topology.name());
        }
        if (state.office() != null) {
            list.setBallot(WireValues.of(state.office().ballot()));
        }
        Actor offBy = state.succession().offBy();
        if (offBy != null) {
            list.setSwitchedOffBy(offBy.name());
        }
        if (standing.highest() != null) {
            list.setHighestBallot(WireValues.of(standing.highest()));
        }
        StatusView.masters(outlook).forEach(status -> list.addMasters(master(status)));
        witnesses(list);
        switch (successor()) {
            case Successor.Ready(var master) -> list.setSuccessor(master.value());
            case Successor.None(var why) -> list.setNoSuccessor(why);
        }
        return list.build();
    }

    /** The journal may name a primary that the master which answers knows to be none any more. */
    private Optional<NodeId> primary() {
        return standing.kind() == Masters.Kind.CANDIDATE ? Optional.empty() : outlook.primary();
    }

    private Optional<PlanId> brokenBy() {
        return outlook.state().failoverBroken()
                ? outlook.state().currentUpgrade().map(Upgrade::id)
                : Optional.empty();
    }

    private MasterDetail master(MasterStatus status) {
        NodeId id = new NodeId(status.getId());
        Optional<String> why = whyNotInSync(id);
        MasterDetail.Builder detail =
                MasterDetail.newBuilder()
                        .setId(status.getId())
                        .setRegion(status.getRegion())
                        .setRole(status.getRole())
                        .setInSync(why.isEmpty())
                        .setNotInSync(why.orElse(""))
                        .setConnected(status.getConnected())
                        .setControlPlaneVersion(status.getControlPlaneVersion())
                        .setReplicatedIndex(status.getReplicatedIndex());
        if (status.hasLastSync()) {
            detail.setLastSync(status.getLastSync());
        }
        Masters.Resync resync = standing.resyncs().get(id);
        if (resync != null) {
            detail.setResync(
                    ResyncProgress.newBuilder()
                            .setPhase(resync.phase())
                            .setBytesDone(resync.bytesDone())
                            .setBytesTotal(resync.bytesTotal()));
        }
        return detail.build();
    }

    /** Why a master does not have every committed entry, by what this one knows; empty: it has. */
    Optional<String> whyNotInSync(NodeId master) {
        Register register = standing.register();
        if (register == null) {
            return Optional.of("no register is known");
        }
        boolean self = master.equals(outlook.self());
        boolean named =
                self
                        ? register.inSync().contains(new Replica(master, standing.store()))
                        : register.inSync().stream().anyMatch(r -> r.master().equals(master));
        if (named) {
            return Optional.empty();
        }
        Masters.Resync resync = standing.resyncs().get(master);
        if (resync != null) {
            return Optional.of("its journal is being repaired: " + resync.phase());
        }
        if (!outlook.isInOffice()) {
            return Optional.of("not named by register %s".formatted(register.ballot()));
        }
        Peers.Peer peer = outlook.peers().get(master);
        if (peer == null || !peer.following()) {
            return Optional.of("it does not follow");
        }
        return Optional.of(
                "it follows and has %d of %d entries"
                        .formatted(peer.durableIndex(), outlook.state().index()));
    }

    private void witnesses(ListMastersResponse.Builder list) {
        Register register = standing.register();
        if (register == null) {
            return;
        }
        list.setWitnessVersion(register.witnesses().version());
        for (Witness witness : register.everyone()) {
            WitnessDetail.Builder detail =
                    WitnessDetail.newBuilder()
                            .setNode(witness.node().value())
                            .setRegion(region(witness.node()))
                            .setStoreId(witness.store().value())
                            .setReachable(standing.isPresent(witness))
                            .setLeaving(!register.witnesses().members().contains(witness));
            if (!standing.isPresent(witness)) {
                detail.setNotReachable(
                        standing.present().containsKey(witness.node())
                                ? "its ledger is a new one"
                                : "its agent has no session here");
            }
            list.addWitnesses(detail);
        }
    }

    private String region(NodeId node) {
        Topology topology = outlook.state().topology();
        if (topology == null) {
            return "";
        }
        return topology.master(node)
                .map(Master::region)
                .or(() ->
                        topology.nodes().stream()
                                .filter(n -> n.id().equals(node))
                                .map(n -> n.region())
                                .findFirst())
                .map(region -> region.value())
                .orElse("");
    }

    /** Who would take over if the primary went silent now. */
    sealed interface Successor {

        record Ready(NodeId master) implements Successor {}

        record None(String why) implements Successor {}
    }

    Successor successor() {
        ClusterState state = outlook.state();
        Register register = standing.register();
        Topology topology = state.topology();
        if (topology != null && topology.masters().size() == 1) {
            return new Successor.None("the cluster has one master");
        }
        Actor offBy = state.succession().offBy();
        if (offBy != null) {
            return new Successor.None(
                    "operator %s switched automatic failover off".formatted(offBy));
        }
        if (state.failoverBroken()) {
            return new Successor.None(
                    brokenBy().map(plan -> "plan %s broke".formatted(plan)).orElse("a plan broke")
                            + " failover");
        }
        if (register == null) {
            return new Successor.None("no register is known");
        }
        Set<Witness> reached =
                register.everyone().stream()
                        .filter(standing::isPresent)
                        .collect(Collectors.toSet());
        if (!register.hasQuorum(reached)) {
            return new Successor.None(
                    "%d of %d witnesses can be reached from here, which is no quorum"
                            .formatted(reached.size(), register.everyone().size()));
        }
        return best().<Successor>map(Successor.Ready::new)
                .orElseGet(() -> new Successor.None("no backup is in sync"));
    }

    /** The backup in sync that has most; of equals the one whose name comes first. */
    Optional<NodeId> best() {
        Register register = standing.register();
        if (register == null) {
            return Optional.empty();
        }
        List<NodeId> inSync =
                register.inSync().stream()
                        .map(Replica::master)
                        .filter(m -> whyNotInSync(m).isEmpty())
                        .toList();
        if (!outlook.isInOffice()) {
            return inSync.contains(outlook.self())
                    ? Optional.of(outlook.self())
                    : inSync.stream().filter(m -> !m.equals(register.primary())).findFirst();
        }
        return outlook.peers().values().stream()
                .filter(peer -> peer.following() && inSync.contains(peer.id()))
                .max(
                        Comparator.comparingLong(Peers.Peer::durableIndex)
                                .thenComparing(Peers.Peer::id, Comparator.reverseOrder()))
                .map(Peers.Peer::id);
    }
}
