package dev.sluice.control.api;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.executor.Peers;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.UpgradeStatus;
import dev.sluice.trust.pki.OperatorSignatures;
import dev.sluice.v1.DemoteMasterRequest;
import dev.sluice.v1.DemoteMasterResponse;
import dev.sluice.v1.ListMastersResponse;
import dev.sluice.v1.PromoteMasterRequest;
import dev.sluice.v1.PromoteMasterResponse;
import dev.sluice.v1.ResyncMasterRequest;
import dev.sluice.v1.ResyncMasterResponse;
import dev.sluice.v1.SetAutomaticFailoverRequest;
import dev.sluice.v1.SetAutomaticFailoverResponse;
import io.grpc.StatusRuntimeException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;

/** What operators ask about the masters, and what they have them do. */
final class MasterCalls {

    private final NodeId self;
    private final Controller controller;
    private final Masters masters;
    private final Supplier<Outlook> outlook;
    private final OperatorWrites writes;
    private final Ascent ascent;
    private final ForcedCalls forced;

    MasterCalls(
            NodeId self,
            Controller controller,
            Masters masters,
            Supplier<Outlook> outlook,
            OperatorWrites writes,
            OperatorSignatures signatures,
            InstantSource clock) {
        this.self = self;
        this.controller = controller;
        this.masters = masters;
        this.outlook = outlook;
        this.writes = writes;
        this.ascent = new Ascent(self, controller, masters, System::nanoTime);
        this.forced =
                new ForcedCalls(this, controller, masters, outlook, ascent, signatures, clock);
    }

    ForcedCalls forced() {
        return forced;
    }

    ListMastersResponse list(Outlook now) {
        return new MastersView(now, masters.standing()).list();
    }

    SetAutomaticFailoverResponse switchFailover(SetAutomaticFailoverRequest request, Actor actor) {
        var events = writes.submit(new Command.SwitchAutomaticFailover(request.getOn(), actor));
        return SetAutomaticFailoverResponse.newBuilder().setUnchanged(events.isEmpty()).build();
    }

    /**
     * Hands over to a backup in sync, or has this master ask the witnesses and waits until it is
     * primary.
     */
    PromoteMasterResponse promote(PromoteMasterRequest request) {
        NodeId wanted = master(request.getMasterId());
        if (controller.isInOffice()) {
            return promoteAtPrimary(request, wanted);
        }
        if (!wanted.equals(self)) {
            writes.requireOffice();
        }
        Masters.Standing standing = masters.standing();
        NodeId followed = standing.followed();
        if (!request.getOnlyWait()) {
            if (followed != null) {
                throw ApiErrors.notPrimary(self, Optional.of(followed));
            }
            masters.promote();
        }
        return PromoteMasterResponse.newBuilder()
                .setBallot(WireValues.of(ascent.await(request.getOnlyWait())))
                .build();
    }

    private PromoteMasterResponse promoteAtPrimary(PromoteMasterRequest request, NodeId wanted) {
        Ballot ballot = controller.ballot();
        if (wanted.equals(self)) {
            if (request.getOnlyWait() && ballot != null) {
                return PromoteMasterResponse.newBuilder().setBallot(WireValues.of(ballot)).build();
            }
            throw ApiErrors.refused("master " + self, "is the primary already");
        }
        Outlook now = outlook.get();
        requireNoPlan(now, request.getDuringUpgrade());
        requireInSync(now, wanted);
        var _ = writes.submit(new Command.DecideHandover(wanted));
        return PromoteMasterResponse.newBuilder().setHandedOverBy(self.value()).build();
    }

    /** Hands over to the backup in sync that has most. */
    DemoteMasterResponse demote(DemoteMasterRequest request) {
        NodeId master = master(request.getMasterId());
        writes.requireOffice();
        if (!master.equals(self)) {
            throw ApiErrors.refused(
                    "master " + master,
                    "is a backup already; master %s is primary".formatted(self));
        }
        Outlook now = outlook.get();
        requireNoPlan(now, request.getDuringUpgrade());
        MastersView view = new MastersView(now, masters.standing());
        NodeId successor =
                view.best()
                        .orElseThrow(() ->
                                ApiErrors.refused(
                                        "master " + self,
                                        "expected a backup in sync that can take over, found none;"
                                                + " see why with 'sluice masters list'"));
        var _ = writes.submit(new Command.DecideHandover(successor));
        return DemoteMasterResponse.newBuilder().setSuccessor(successor.value()).build();
    }

    /** Has this master's own journal compared anew. */
    ResyncMasterResponse resync(ResyncMasterRequest request) {
        NodeId master = master(request.getMasterId());
        if (!master.equals(self)) {
            throw notThisOne(master);
        }
        if (controller.isInOffice()) {
            throw ApiErrors.refused(
                    "master " + self,
                    "is the primary: the others' journals are compared with its own");
        }
        masters.resync()
                .ifPresent(why -> {
                    throw ApiErrors.refused("master " + self, why);
                });
        return ResyncMasterResponse.getDefaultInstance();
    }

    StatusRuntimeException notThisOne(NodeId master) {
        return ApiErrors.refused(
                "master " + master, "master %s answers here; ask that one itself".formatted(self));
    }

    /** The master of that name; anybody else is refused as far as the topology is known. */
    NodeId master(String text) {
        NodeId master = Arguments.name("master_id", text, NodeId::new);
        Topology topology = controller.state().topology();
        if (topology != null && topology.master(master).isEmpty()) {
            throw ApiErrors.refused(
                    "master " + master,
                    "is no master of this cluster; its masters are %s"
                            .formatted(topology.masters().stream().map(m -> m.id()).toList()));
        }
        return master;
    }

    /** A plan that runs says by itself who is primary when. */
    private static void requireNoPlan(Outlook now, boolean duringUpgrade) {
        now.state()
                .currentUpgrade()
                .filter(u -> !u.status().isOver() && u.status() != UpgradeStatus.PLANNED)
                .ifPresent(upgrade -> {
                    if (upgrade.status() == UpgradeStatus.RUNNING) {
                        throw ApiErrors.refused(
                                "upgrade " + upgrade.id(),
                                "is RUNNING, and its plan says who is primary when; pause it first, or wait for its end");
                    }
                    if (!duringUpgrade) {
                        throw ApiErrors.refused(
                                "upgrade " + upgrade.id(),
                                "is %s, and its plan says who is primary when; with --during-upgrade it is done all the same, and the upgrade may not be able to go on"
                                        .formatted(upgrade.status()));
                    }
                });
    }

    private void requireInSync(Outlook now, NodeId wanted) {
        new MastersView(now, masters.standing())
                .whyNotInSync(wanted)
                .ifPresent(why -> {
                    throw ApiErrors.refused(
                            "master " + wanted,
                            "expected it to be in sync before it is promoted, found: " + why);
                });
        Peers.Peer peer = now.peers().get(wanted);
        if (peer == null || !peer.following()) {
            throw ApiErrors.refused(
                    "master " + wanted,
                    "expected it to follow master %s, found that it does not; start its control plane, or look at its log"
                            .formatted(self));
        }
    }
}
