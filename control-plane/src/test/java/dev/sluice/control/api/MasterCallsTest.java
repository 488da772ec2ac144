package dev.sluice.control.api;

import static dev.sluice.control.api.FakeMasters.bothInSync;
import static dev.sluice.control.api.FakeMasters.follower;
import static dev.sluice.control.api.FakeMasters.onlyAInSync;
import static dev.sluice.control.api.FakeMasters.primary;
import static dev.sluice.control.api.FakeMasters.standing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.control.executor.Peers;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Office;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.DemoteMasterRequest;
import dev.sluice.v1.ListMastersRequest;
import dev.sluice.v1.OperatorServiceGrpc.OperatorServiceBlockingStub;
import dev.sluice.v1.PromoteMasterRequest;
import dev.sluice.v1.PromoteMasterResponse;
import dev.sluice.v1.ResyncMasterRequest;
import dev.sluice.v1.SetAutomaticFailoverRequest;
import dev.sluice.v1.SetConfigurationRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over mutual TLS on loopback, with real controllers; the election is a fake. */
final class MasterCallsTest {

    @AutoClose private final ServedMaster a;
    @AutoClose private final ServedMaster b;
    private OperatorServiceBlockingStub atA;
    private OperatorServiceBlockingStub atB;

    MasterCallsTest(@TempDir Path directory) throws Exception {
        this.a = new ServedMaster(Scene.A, directory);
        this.b = new ServedMaster(Scene.B, directory);
    }

    @BeforeEach
    void connect() throws Exception {
        atA = a.inOffice().alice();
        atB = b.following(a).alice();
    }

    private static PromoteMasterRequest promote(String id) {
        return PromoteMasterRequest.newBuilder().setMasterId(id).build();
    }

    private static DemoteMasterRequest demote(String id) {
        return DemoteMasterRequest.newBuilder().setMasterId(id).build();
    }

    private static ResyncMasterRequest resync(String id) {
        return ResyncMasterRequest.newBuilder().setMasterId(id).build();
    }

    private static StatusRuntimeException error(ThrowingCallable call) {
        return catchThrowableOfType(StatusRuntimeException.class, call);
    }

    private static void assertError(
            ThrowingCallable call, Status.Code code, String reason, String words) {
        StatusRuntimeException e = error(call);
        assertThat(e.getStatus().getCode()).as(e.getMessage()).isEqualTo(code);
        assertThat(ServedMaster.info(e).getReason()).isEqualTo(reason);
        assertThat(e.getStatus().getDescription()).isEqualTo(words);
    }

    private static void assertRefused(ThrowingCallable call, String words) {
        assertError(call, Status.Code.FAILED_PRECONDITION, "REFUSED", words);
    }

    private Office office() {
        Office office = a.controller.state().office();
        if (office == null) {
            throw new AssertionError("no office");
        }
        return office;
    }

    private void upgradeRuns() throws Exception {
        a.decide(
                new Command.AcceptPlan(
                        Scene.PLAN, Scene.fixture().blueprint(), List.of(), Scene.ALICE));
        a.decide(new Command.StartUpgrade(Scene.PLAN, Scene.ALICE));
    }

    @Test
    void everyMasterListsThemAndNodesMayNotAsk() throws Exception {
        assertThat(atA.listMasters(ListMastersRequest.getDefaultInstance()).getAnsweredBy())
                .isEqualTo("m-a");
        assertThat(atB.listMasters(ListMastersRequest.getDefaultInstance()).getAnsweredBy())
                .isEqualTo("m-b");
        OperatorServiceBlockingStub node = a.as(PeerName.node("eu-1"));
        assertThat(
                        error(() -> node.listMasters(ListMastersRequest.getDefaultInstance()))
                                .getStatus()
                                .getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
        OperatorServiceBlockingStub master = a.as(PeerName.master("m-b"));
        assertThat(error(() -> master.promoteMaster(promote("m-b"))).getStatus().getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(office().handedTo()).isNull();
    }

    @Test
    void switchesAutomaticFailoverOffAndOnAgain() {
        var off = SetAutomaticFailoverRequest.newBuilder().setOn(false).build();
        var on = SetAutomaticFailoverRequest.newBuilder().setOn(true).build();

        assertThat(atA.setAutomaticFailover(off).getUnchanged()).isFalse();
        assertThat(a.controller.state().automaticFailover()).isFalse();
        assertThat(atA.setAutomaticFailover(off).getUnchanged()).isTrue();
        assertThat(atA.setAutomaticFailover(on).getUnchanged()).isFalse();
        assertThat(a.controller.state().automaticFailover()).isTrue();
        assertError(
                () -> atB.setAutomaticFailover(off),
                Status.Code.FAILED_PRECONDITION,
                "NOT_PRIMARY",
                "master m-b: is not the primary; ask master m-a");
    }

    @Test
    @Tag("CLU-7")
    void thePrimaryHandsOverToABackupInSync() {
        PromoteMasterResponse promoted = atA.promoteMaster(promote("m-b"));

        assertThat(promoted.getHandedOverBy()).isEqualTo("m-a");
        assertThat(promoted.hasBallot()).isFalse();
        assertThat(office().handedTo()).isEqualTo(Scene.B);
        assertThat(a.masters.asked).isEmpty();
    }

    @Test
    void refusesToHandOverToWhoeverCannotTakeIt() {
        assertRefused(
                () -> atA.promoteMaster(promote("m-a")), "master m-a: is the primary already");
        assertRefused(
                () -> atA.promoteMaster(promote("eu-1")),
                "master eu-1: is no master of this cluster; its masters are [m-a, m-b]");
        a.masters.standing = primary(onlyAInSync());
        assertRefused(
                () -> atA.promoteMaster(promote("m-b")),
                "master m-b: expected it to be in sync before it is promoted, found: it follows and has 3 of 3 entries");
        a.masters.standing = primary(bothInSync());
        a.peers =
                new TreeMap<>(
                        Map.of(Scene.B, new Peers.Peer(Scene.B, false, 3, "", Optional.empty())));
        assertRefused(
                () -> atA.promoteMaster(promote("m-b")),
                "master m-b: expected it to follow master m-a, found that it does not; start its control plane, or look at its log");
        assertThat(office().handedTo()).isNull();
    }

    @Test
    void leavesTheRolesToAPlanThatRuns() throws Exception {
        upgradeRuns();
        PromoteMasterRequest allTheSame = promote("m-b").toBuilder().setDuringUpgrade(true).build();

        assertRefused(
                () -> atA.promoteMaster(allTheSame),
                "upgrade p-1: is RUNNING, and its plan says who is primary when; pause it first, or wait for its end");
        a.decide(new Command.PauseUpgrade(Scene.ALICE));
        assertRefused(
                () -> atA.promoteMaster(promote("m-b")),
                "upgrade p-1: is PAUSED, and its plan says who is primary when; with --during-upgrade it is done all the same, and the upgrade may not be able to go on");
        assertRefused(
                () -> atA.demoteMaster(demote("m-a")),
                "upgrade p-1: is PAUSED, and its plan says who is primary when; with --during-upgrade it is done all the same, and the upgrade may not be able to go on");
        var _ = atA.promoteMaster(allTheSame);
        assertThat(office().handedTo()).isEqualTo(Scene.B);
    }

    @Test
    @Tag("CLU-7")
    void thePrimaryHandsOverToTheBestBackupWhenItIsDemoted() {
        assertThat(atA.demoteMaster(demote("m-a")).getSuccessor()).isEqualTo("m-b");
        assertThat(office().handedTo()).isEqualTo(Scene.B);
    }

    @Test
    void refusesToDemoteWithoutABackupInSyncAndWhoeverIsNoPrimary() {
        assertRefused(
                () -> atA.demoteMaster(demote("m-b")),
                "master m-b: is a backup already; master m-a is primary");
        a.masters.standing = primary(onlyAInSync());
        assertRefused(
                () -> atA.demoteMaster(demote("m-a")),
                "master m-a: expected a backup in sync that can take over, found none; see why with 'sluice masters list'");
        assertThat(office().handedTo()).isNull();
    }

    @Test
    @Tag("PAIR-4")
    void aBackupComparesItsJournalAnewAndThePrimaryDoesNot() {
        var _ = atB.resyncMaster(resync("m-b"));
        assertThat(b.masters.asked).containsExactly("resync");

        b.masters.resync = Optional.of("no primary is known");
        assertRefused(() -> atB.resyncMaster(resync("m-b")), "master m-b: no primary is known");
        assertRefused(
                () -> atA.resyncMaster(resync("m-a")),
                "master m-a: is the primary: the others' journals are compared with its own");
        assertRefused(
                () -> atA.resyncMaster(resync("m-b")),
                "master m-b: master m-a answers here; ask that one itself");
        assertThat(a.masters.asked).isEmpty();
    }

    @Test
    @Tag("CLU-7")
    void aBackupAsksTheWitnessesWhenNoPrimaryIsThereAndAnswersOnceItIsPrimary() throws Exception {
        a.decide(new Command.DecideHandover(Scene.B));
        var _ = b.following(a);
        b.masters.standing = follower(bothInSync(), null);
        b.masters.onPromote =
                () -> {
                    var _ =
                            b.controller.submit(
                                    new Command.TakeOffice(Scene.OF_B, "1.0.0", "elected"));
                };

        PromoteMasterResponse promoted = atB.promoteMaster(promote("m-b"));

        assertThat(promoted.getBallot()).isEqualTo(WireValues.of(Scene.OF_B));
        assertThat(promoted.getHandedOverBy()).isEmpty();
        assertThat(b.masters.asked).containsExactly("promote");
        PromoteMasterRequest wait = promote("m-b").toBuilder().setOnlyWait(true).build();
        assertThat(atB.promoteMaster(wait).getBallot()).isEqualTo(WireValues.of(Scene.OF_B));
        assertThat(b.masters.asked).containsExactly("promote");
    }

    @Test
    @Tag("CLU-7")
    void aSuccessorThatIsOnlyWaitedForAsksNobody() throws Exception {
        a.decide(new Command.DecideHandover(Scene.B));
        var _ = b.following(a);
        b.masters.standing = follower(bothInSync(), null);
        PromoteMasterRequest wait = promote("m-b").toBuilder().setOnlyWait(true).build();

        StatusRuntimeException e =
                error(() -> atB.withDeadlineAfter(1, TimeUnit.SECONDS).promoteMaster(wait));

        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(b.masters.asked).isEmpty();
    }

    @Test
    void aBackupThatFollowsAPrimaryNamesIt() {
        assertError(
                () -> atB.promoteMaster(promote("m-b")),
                Status.Code.FAILED_PRECONDITION,
                "NOT_PRIMARY",
                "master m-b: is not the primary; ask master m-a");
        assertError(
                () -> atB.promoteMaster(promote("m-a")),
                Status.Code.FAILED_PRECONDITION,
                "NOT_PRIMARY",
                "master m-b: is not the primary; ask master m-a");
        assertThat(b.masters.asked).isEmpty();
    }

    @Test
    @Tag("CLU-7")
    void aBackupSaysInTheElectionsWordsWhyItDidNotBecomePrimary() {
        b.masters.standing = follower(bothInSync(), null);
        b.masters.onPromote =
                () -> {
                    b.masters.next.add(
                            standing(
                                    Masters.Kind.CANDIDATE,
                                    "asks for promises",
                                    FakeMasters.JOURNAL_B,
                                    bothInSync(),
                                    null));
                    b.masters.standing =
                            standing(
                                    Masters.Kind.FOLLOWER,
                                    "witness eu-1 promised 0.9.m-a.1",
                                    FakeMasters.JOURNAL_B,
                                    bothInSync(),
                                    null);
                };

        assertRefused(
                () -> atB.promoteMaster(promote("m-b")),
                "master m-b: did not become primary: witness eu-1 promised 0.9.m-a.1");
        assertThat(b.masters.asked).containsExactly("promote");
    }

    @Test
    void aBackupThatIsStillTryingSaysSoBeforeTheCallersTimeIsOver() {
        b.masters.standing =
                standing(
                        Masters.Kind.CANDIDATE,
                        "asks for promises",
                        FakeMasters.JOURNAL_B,
                        bothInSync(),
                        null);

        assertError(
                () -> atB.withDeadlineAfter(2, TimeUnit.SECONDS).promoteMaster(promote("m-b")),
                Status.Code.DEADLINE_EXCEEDED,
                "UNANSWERED",
                "master m-b: is not primary yet, and may still become it: asks for promises; see with 'sluice masters list'");
    }

    @Test
    void aFreezeOfTheConfigurationDoesNotHoldAutomaticFailover() throws Exception {
        upgradeRuns();
        for (var step : a.controller.state().currentUpgrade().orElseThrow().graph().steps()) {
            a.decide(new Command.StartStep(Scene.PLAN, step.id(), Set.of()));
            a.decide(new Command.CompleteStep(Scene.PLAN, step.id(), List.of()));
            if (a.controller.state().configuration().frozenBy() != null) {
                break;
            }
        }
        assertThat(a.controller.state().configuration().frozenBy()).isEqualTo(Scene.PLAN);

        var off = SetAutomaticFailoverRequest.newBuilder().setOn(false).build();
        assertThat(atA.setAutomaticFailover(off).getUnchanged()).isFalse();
        assertThat(a.controller.state().automaticFailover()).isFalse();
        assertThat(
                        error(() ->
                                        atA.setConfiguration(
                                                SetConfigurationRequest.newBuilder()
                                                        .setKey("site.banner")
                                                        .setValue("x")
                                                        .build()))
                                .getStatus()
                                .getCode())
                .isEqualTo(Status.Code.FAILED_PRECONDITION);
    }
}
