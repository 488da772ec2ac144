package dev.sluice.control.api;

import static dev.sluice.control.api.FakeMasters.EU_1;
import static dev.sluice.control.api.FakeMasters.bothInSync;
import static dev.sluice.control.api.FakeMasters.follower;
import static dev.sluice.control.api.FakeMasters.onlyAInSync;
import static dev.sluice.control.api.FakeMasters.present;
import static dev.sluice.control.api.FakeMasters.primary;
import static dev.sluice.control.api.FakeMasters.with;
import static dev.sluice.control.api.Scene.A;
import static dev.sluice.control.api.Scene.ALICE;
import static dev.sluice.control.api.Scene.B;
import static dev.sluice.control.api.Scene.OF_A;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.Peers;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.state.Command;
import dev.sluice.v1.ListMastersResponse;
import dev.sluice.v1.MasterDetail;
import dev.sluice.v1.WitnessDetail;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class MastersViewTest {

    private static ListMastersResponse atA(Scene scene, Masters.Standing standing) {
        return new MastersView(scene.seenBy(A, OF_A, OF_A), standing).list();
    }

    private static Outlook withPeer(Scene scene, Peers.Peer peer) {
        Outlook o = scene.seenBy(A, OF_A, OF_A);
        return new Outlook(
                o.state(),
                o.self(),
                o.version(),
                o.ballot(),
                o.fleet(),
                new TreeMap<>(Map.of(peer.id(), peer)),
                o.waits(),
                o.sharedAddress());
    }

    private static String inSync(MasterDetail master) {
        return master.getId() + ": " + (master.getInSync() ? "in sync" : master.getNotInSync());
    }

    @Test
    @Tag("PAIR-4")
    void showsEachMasterWithWhatItHasAndThatTheBackupWouldTakeOver() {
        ListMastersResponse list = atA(Scene.founded(), primary(bothInSync()));

        assertThat(list.getPrimary()).isEqualTo("m-a");
        assertThat(list.getStanding()).isEqualTo("PRIMARY");
        assertThat(list.getMastersList().stream().map(MastersViewTest::inSync))
                .containsExactly("m-a: in sync", "m-b: in sync");
        assertThat(list.getMasters(1).getReplicatedIndex()).isEqualTo(3);
        assertThat(list.getMasters(1).getLastSync()).isEqualTo(WireValues.of(Scene.START));
        assertThat(list.getWitnessVersion()).isEqualTo(4);
        assertThat(list.getWitnessesList())
                .extracting(WitnessDetail::getNode, WitnessDetail::getReachable)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("eu-1", true),
                        org.assertj.core.groups.Tuple.tuple("m-a", true),
                        org.assertj.core.groups.Tuple.tuple("m-b", true));
        assertThat(list.getWitnesses(0).getRegion()).isEqualTo("eu");
        assertThat(list.getAutomaticFailover()).isTrue();
        assertThat(list.getSuccessor()).isEqualTo("m-b");
        assertThat(list.getNoSuccessor()).isEmpty();
    }

    @Test
    @Tag("PAIR-4")
    void saysWhyABackupIsNotInSync() {
        Scene scene = Scene.founded();
        Outlook gone = withPeer(scene, new Peers.Peer(B, false, 2, "", Optional.empty()));

        assertThat(inSync(atA(scene, primary(onlyAInSync())).getMasters(1)))
                .isEqualTo("m-b: it follows and has 3 of 3 entries");
        assertThat(inSync(new MastersView(gone, primary(onlyAInSync())).list().getMasters(1)))
                .isEqualTo("m-b: it does not follow");
        MasterDetail repaired =
                atA(scene, with(primary(onlyAInSync()), B, new Masters.Resync("fetching", 10, 40)))
                        .getMasters(1);
        assertThat(inSync(repaired)).isEqualTo("m-b: its journal is being repaired: fetching");
        assertThat(repaired.getResync().getBytesDone()).isEqualTo(10);
        assertThat(repaired.getResync().getBytesTotal()).isEqualTo(40);
    }

    @Test
    @Tag("PAIR-4")
    void aBackupWithAnotherJournalThanTheRegisterNamesIsNotInSync() {
        Masters.Standing emptied =
                FakeMasters.standing(
                        Masters.Kind.FOLLOWER, "", new StoreId("new"), bothInSync(), A);

        ListMastersResponse list =
                new MastersView(Scene.founded().seenBy(B, null, OF_A), emptied).list();

        assertThat(inSync(list.getMasters(1))).isEqualTo("m-b: not named by register " + OF_A);
        assertThat(list.getSuccessor()).isEmpty();
        assertThat(list.getNoSuccessor()).isEqualTo("no backup is in sync");
    }

    @Test
    @Tag("PAIR-4")
    void aBackupInSyncSaysThatItWouldTakeOverItself() {
        ListMastersResponse list =
                new MastersView(Scene.founded().seenBy(B, null, OF_A), follower(bothInSync(), A))
                        .list();

        assertThat(list.getStanding()).isEqualTo("FOLLOWER");
        assertThat(list.getSuccessor()).isEqualTo("m-b");
    }

    @Test
    void saysWhyNobodyWouldTakeOver() {
        Scene frozen = Scene.founded().does(new Command.SwitchAutomaticFailover(false, ALICE));
        Scene broken = Scene.founded().started();
        var _ = broken.runUpTo(StepKind.BREAK_FAILOVER);
        broken.does(
                new Command.CompleteStep(
                        Scene.PLAN,
                        broken.state.currentUpgrade().orElseThrow().graph().steps().stream()
                                .filter(s -> s.kind() == StepKind.BREAK_FAILOVER)
                                .findFirst()
                                .orElseThrow()
                                .id(),
                        List.of()));
        Masters.Standing both = primary(bothInSync());

        ListMastersResponse byOperator = atA(frozen, both);
        assertThat(byOperator.getNoSuccessor())
                .isEqualTo("operator alice switched automatic failover off");
        assertThat(byOperator.getAutomaticFailover()).isFalse();
        assertThat(byOperator.getSwitchedOffBy()).isEqualTo("alice");
        ListMastersResponse byPlan = atA(broken, both);
        assertThat(byPlan.getNoSuccessor()).isEqualTo("plan p-1 broke failover");
        assertThat(byPlan.getAutomaticFailover()).isFalse();
        assertThat(byPlan.getBrokenByPlan()).isEqualTo("p-1");
        assertThat(atA(Scene.founded(), primary(onlyAInSync())).getNoSuccessor())
                .isEqualTo("no backup is in sync");
        assertThat(atA(Scene.founded(), with(both, present("m-a"))).getNoSuccessor())
                .isEqualTo("1 of 3 witnesses can be reached from here, which is no quorum");
    }

    @Test
    void aWitnessWhoseLedgerIsAnotherOneIsNotReachable() {
        SortedMap<NodeId, StoreId> present = present("m-a", "m-b");
        present.put(EU_1, new StoreId("new"));

        ListMastersResponse list = atA(Scene.founded(), with(primary(bothInSync()), present));

        assertThat(list.getWitnesses(0).getReachable()).isFalse();
        assertThat(list.getWitnesses(0).getNotReachable()).isEqualTo("its ledger is a new one");
        assertThat(
                        atA(Scene.founded(), with(primary(bothInSync()), present("m-a", "m-b")))
                                .getWitnesses(0)
                                .getNotReachable())
                .isEqualTo("its agent has no session here");
    }

    @Test
    void aCandidateNamesNoPrimary() {
        Masters.Standing candidate =
                FakeMasters.standing(
                        Masters.Kind.CANDIDATE,
                        "asks for promises",
                        FakeMasters.JOURNAL_B,
                        bothInSync(),
                        null);

        ListMastersResponse list =
                new MastersView(Scene.founded().seenBy(B, null, OF_A), candidate).list();

        assertThat(list.getPrimary()).isEmpty();
        assertThat(list.getStandingWords()).isEqualTo("asks for promises");
    }
}
