package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import com.google.rpc.Code;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.Ballot;
import dev.sluice.v1.CheckRelationsRequest;
import dev.sluice.v1.CheckRelationsResponse;
import dev.sluice.v1.DemoteMasterRequest;
import dev.sluice.v1.DemoteMasterResponse;
import dev.sluice.v1.GetStatusRequest;
import dev.sluice.v1.ListMastersRequest;
import dev.sluice.v1.ListMastersResponse;
import dev.sluice.v1.MasterDetail;
import dev.sluice.v1.PromoteMasterRequest;
import dev.sluice.v1.PromoteMasterResponse;
import dev.sluice.v1.RelationCheck;
import dev.sluice.v1.RelationCheck.Outcome;
import dev.sluice.v1.ResyncMasterRequest;
import dev.sluice.v1.ResyncProgress;
import dev.sluice.v1.SetAutomaticFailoverRequest;
import dev.sluice.v1.SetAutomaticFailoverResponse;
import dev.sluice.v1.WitnessDetail;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against two masters with scripted answers: m-a, the primary unless a test says else, and m-b. */
final class MastersCommandTest {
    private static final Ballot OF_B =
            Ballot.newBuilder().setCounter(2).setMasterId("m-b").setIncarnation(255).build();

    @AutoClose private final FakeMaster a;
    @AutoClose private final FakeMaster b;
    private final Shell shell;

    MastersCommandTest(@TempDir Path folder) throws IOException {
        this.shell = new Shell(folder);
        this.a = FakeMaster.start(Shell.AUTHORITY, PeerName.master("m-a"));
        this.b = FakeMaster.start(Shell.AUTHORITY, PeerName.master("m-b"));
    }

    @BeforeEach
    void know() throws IOException {
        shell.addresses(b.address(), a.address());
    }

    /** What was asked beyond who answers. */
    private static List<Object> asked(FakeMaster master) {
        return master.asked().stream().filter(r -> !(r instanceof GetStatusRequest)).toList();
    }

    private static ListMastersResponse list() {
        return ListMastersResponse.newBuilder()
                .setCluster("acme")
                .setAnsweredBy("m-a")
                .setPrimary("m-a")
                .setBallot(
                        Ballot.newBuilder().setCounter(7).setMasterId("m-a").setIncarnation(0x1f))
                .setStanding("PRIMARY")
                .setStandingWords("a quorum of witnesses accepted ballot 0.7.m-a.1f")
                .setSessionRecords(SessionsCommandTest.status())
                .addMasters(
                        MasterDetail.newBuilder()
                                .setId("m-a")
                                .setRegion("eu")
                                .setRole("PRIMARY")
                                .setInSync(true)
                                .setConnected(true)
                                .setControlPlaneVersion("25.1.0")
                                .setReplicatedIndex(1042))
                .addMasters(
                        MasterDetail.newBuilder()
                                .setId("m-b")
                                .setRegion("us")
                                .setRole("BACKUP")
                                .setNotInSync("its journal is being repaired: fetching")
                                .setConnected(true)
                                .setControlPlaneVersion("25.1.0")
                                .setReplicatedIndex(870)
                                .setLastSync(Timestamp.newBuilder().setSeconds(1_772_359_200))
                                .setResync(
                                        ResyncProgress.newBuilder()
                                                .setPhase("fetching")
                                                .setBytesDone(3 << 20)
                                                .setBytesTotal(12 << 20)))
                .addWitnesses(
                        WitnessDetail.newBuilder()
                                .setNode("eu-1")
                                .setRegion("eu")
                                .setStoreId("5b1e")
                                .setNotReachable("its agent has no session here"))
                .addWitnesses(
                        WitnessDetail.newBuilder()
                                .setNode("m-a")
                                .setRegion("eu")
                                .setStoreId("77aa")
                                .setReachable(true))
                .addWitnesses(
                        WitnessDetail.newBuilder()
                                .setNode("m-b")
                                .setRegion("us")
                                .setStoreId("91c0")
                                .setReachable(true)
                                .setLeaving(true))
                .setWitnessVersion(4)
                .setSwitchedOffBy("kim")
                .setBrokenByPlan("p-3")
                .setNoSuccessor("operator kim switched automatic failover off")
                .build();
    }

    @Test
    @Tag("OPS-1")
    void listsMastersAsTableJsonAndYaml() {
        b.answer(ListMastersRequest.class, _ -> list());

        assertThat(shell.run("masters", "list")).as(shell.err()).isZero();
        Golden.matches("masters.txt", shell.out());
        assertThat(shell.run("masters", "list", "-o", "json")).isZero();
        Golden.matches("masters.json", shell.out());
        assertThat(shell.run("masters", "list", "-o", "yaml")).isZero();
        Golden.matches("masters.yaml", shell.out());
    }

    @Test
    @Tag("CLU-7")
    void thePrimaryIsAskedToHandOverAndTheSuccessorIsWaitedFor() {
        a.answer(
                PromoteMasterRequest.class,
                _ -> PromoteMasterResponse.newBuilder().setHandedOverBy("m-a").build());
        b.answer(
                PromoteMasterRequest.class,
                _ -> PromoteMasterResponse.newBuilder().setBallot(OF_B).build());

        assertThat(shell.run("masters", "promote", "m-b")).as(shell.err()).isZero();

        assertThat(shell.out())
                .isEqualTo("Master m-b is primary, ballot 0.2.m-b.ff: master m-a handed over.\n");
        assertThat(asked(a))
                .containsExactly(PromoteMasterRequest.newBuilder().setMasterId("m-b").build());
        assertThat(asked(b))
                .containsExactly(
                        PromoteMasterRequest.newBuilder()
                                .setMasterId("m-b")
                                .setOnlyWait(true)
                                .build());
    }

    @Test
    @Tag("CLU-7")
    void theBackupItselfIsAskedWhenNoPrimaryAnswers() throws IOException {
        shell.addresses(Shell.deadAddress(), b.address());
        b.answer(
                PromoteMasterRequest.class,
                _ -> PromoteMasterResponse.newBuilder().setBallot(OF_B).build());

        assertThat(shell.run("masters", "promote", "m-b", "--during-upgrade"))
                .as(shell.err())
                .isZero();

        assertThat(shell.out())
                .isEqualTo("Master m-b is primary, ballot 0.2.m-b.ff: the witnesses let it.\n");
        assertThat(asked(b))
                .containsExactly(
                        PromoteMasterRequest.newBuilder()
                                .setMasterId("m-b")
                                .setDuringUpgrade(true)
                                .build());
    }

    @Test
    void anOfficeThatWasHandedOverIsToldThoughTheSuccessorIsNotSeen() {
        a.answer(
                PromoteMasterRequest.class,
                _ -> PromoteMasterResponse.newBuilder().setHandedOverBy("m-a").build());
        b.answer(
                PromoteMasterRequest.class,
                _ -> {
                    throw FakeMaster.refusal(
                            Code.DEADLINE_EXCEEDED,
                            "master m-b: is not primary yet, and may still become it: asks",
                            "UNANSWERED",
                            Map.of("subject", "master m-b"));
                });

        assertThat(shell.run("masters", "promote", "m-b")).isEqualTo(3);

        assertThat(shell.err())
                .startsWith(
                        "sluice: master m-a has handed over, but whether master m-b is primary is"
                                + " not known: not done in time: master m-b: is not primary yet");
    }

    @Test
    void saysWhereTheMasterWasLookedFor() throws IOException {
        String dead = Shell.deadAddress();
        shell.addresses(dead, b.address());
        b.primary("");

        assertThat(shell.run("masters", "promote", "m-a")).isEqualTo(3);

        assertThat(shell.err())
                .contains(
                        "master m-a could not be reached at any address that is known",
                        dead + ": ",
                        b.address() + ": master m-b answers there");
        assertThat(asked(b)).isEmpty();
    }

    @Test
    void aRefusalHasCodeTwo() {
        a.answer(
                PromoteMasterRequest.class,
                _ -> {
                    throw FakeMaster.refusal(
                            Code.FAILED_PRECONDITION,
                            "master m-b: expected it to be in sync, found: it does not follow",
                            "REFUSED",
                            Map.of("subject", "master m-b"));
                });

        assertThat(shell.run("masters", "promote", "m-b")).isEqualTo(2);
        assertThat(shell.err()).contains("refused: master m-b: expected it to be in sync");
        assertThat(asked(b)).isEmpty();
    }

    @Test
    void thePrimaryIsDemotedAndTheSuccessorNamed() throws IOException {
        shell.addresses(a.address());
        a.answer(
                DemoteMasterRequest.class,
                _ -> DemoteMasterResponse.newBuilder().setSuccessor("m-b").build());

        assertThat(shell.run("masters", "demote", "m-a")).as(shell.err()).isZero();
        assertThat(shell.out()).isEqualTo("Master m-a handed over to master m-b.\n");
        assertThat(asked(a))
                .containsExactly(DemoteMasterRequest.newBuilder().setMasterId("m-a").build());
    }

    @Test
    @Tag("PAIR-4")
    void theBackupItselfIsAskedToCompareItsJournal() {
        assertThat(shell.run("masters", "resync", "m-b")).as(shell.err()).isZero();
        assertThat(shell.out()).contains("Master m-b: its journal is compared anew");
        assertThat(asked(b))
                .containsExactly(ResyncMasterRequest.newBuilder().setMasterId("m-b").build());
        assertThat(asked(a)).isEmpty();
    }

    private static RelationCheck.Builder check(
            String by, String master, String address, RelationCheck.Outcome outcome) {
        return RelationCheck.newBuilder()
                .setSeenBy(by)
                .setMaster(master)
                .setAddress(address)
                .setOutcome(outcome);
    }

    private void bothAreListed() {
        ListMastersResponse both =
                ListMastersResponse.newBuilder()
                        .addMasters(MasterDetail.newBuilder().setId("m-a"))
                        .addMasters(MasterDetail.newBuilder().setId("m-b"))
                        .build();
        a.answer(ListMastersRequest.class, _ -> both);
        b.answer(ListMastersRequest.class, _ -> both);
    }

    @Test
    @Tag("PAIR-3")
    void everyMasterChecksItsRelationAndEachFaultHasItsLine() {
        bothAreListed();
        a.answer(
                CheckRelationsRequest.class,
                _ ->
                        CheckRelationsResponse.newBuilder()
                                .addChecks(
                                        check(
                                                        "m-a",
                                                        "m-b",
                                                        "10.0.1.10:7443",
                                                        Outcome.OUTCOME_PORT_CLOSED)
                                                .setFound(
                                                        "nothing takes connections there: Connection refused"))
                                .addChecks(
                                        check("m-a", "m-b", "", Outcome.OUTCOME_NOT_CHECKED)
                                                .setFound("master m-b is not found at its address"))
                                .build());
        b.answer(
                CheckRelationsRequest.class,
                _ ->
                        CheckRelationsResponse.newBuilder()
                                .addChecks(
                                        check("m-b", "m-a", "10.0.0.10:7443", Outcome.OUTCOME_GOOD)
                                                .setFound("master m-a answers"))
                                .addChecks(
                                        check("m-b", "m-a", "", Outcome.OUTCOME_KEY_DIFFERS)
                                                .setFound(
                                                        "master m-a has another key: interApplianceKeyFile differs"))
                                .addChecks(
                                        check(
                                                        "m-a",
                                                        "m-b",
                                                        "10.0.1.10:7443",
                                                        Outcome.OUTCOME_PORT_CLOSED)
                                                .setFound(
                                                        "nothing takes connections there: Connection refused"))
                                .build());

        assertThat(shell.run("masters", "check")).isEqualTo(2);
        Golden.matches("masters-check.txt", shell.out());
        assertThat(shell.run("masters", "check", "-o", "json")).isEqualTo(2);
        Golden.matches("masters-check.json", shell.out());
    }

    @Test
    @Tag("PAIR-3")
    void aRelationIsGoodOnlyWhenEveryMasterWasAsked() throws IOException {
        bothAreListed();
        CheckRelationsResponse good =
                CheckRelationsResponse.newBuilder()
                        .addChecks(check("m-a", "m-b", "", Outcome.OUTCOME_GOOD))
                        .build();
        a.answer(CheckRelationsRequest.class, _ -> good);
        b.answer(CheckRelationsRequest.class, _ -> good);

        assertThat(shell.run("masters", "check")).isZero();
        shell.addresses(a.address());
        assertThat(shell.run("masters", "check")).isEqualTo(2);
        assertThat(shell.out()).contains("Not asked: master m-b could not be reached");
    }

    @Test
    void switchesAutomaticFailoverOffAndOn() throws IOException {
        shell.addresses(a.address());
        assertThat(shell.run("masters", "freeze")).isZero();
        assertThat(shell.out()).isEqualTo("Automatic failover is off.\n");
        a.answer(
                SetAutomaticFailoverRequest.class,
                _ -> SetAutomaticFailoverResponse.newBuilder().setUnchanged(true).build());
        assertThat(shell.run("masters", "unfreeze")).isZero();
        assertThat(shell.out()).isEqualTo("Automatic failover is on, as it was.\n");
        assertThat(asked(a))
                .containsExactly(
                        SetAutomaticFailoverRequest.getDefaultInstance(),
                        SetAutomaticFailoverRequest.newBuilder().setOn(true).build());
    }
}
