package dev.sluice.control.api;

import static dev.sluice.control.api.FakeMasters.bothInSync;
import static dev.sluice.control.api.FakeMasters.follower;
import static dev.sluice.control.api.FakeMasters.onlyAInSync;
import static dev.sluice.control.api.FakeMasters.present;
import static dev.sluice.control.api.FakeMasters.with;
import static dev.sluice.control.api.Scene.A;
import static dev.sluice.control.api.Scene.B;
import static dev.sluice.control.api.Scene.OF_A;
import static dev.sluice.control.api.Scene.START;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.Peers;
import dev.sluice.control.model.NodeId;
import dev.sluice.v1.ForcedPromotion;
import dev.sluice.v1.ProposeForcedPromotionResponse;
import dev.sluice.v1.WitnessMember;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Master m-b is to be promoted; m-a was primary and is gone. Four nodes are in eu, two in us. */
final class ForcedProposalTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final String NONCE = "00112233445566778899aabbccddeeff";

    private static Outlook atB() {
        Outlook o = Scene.founded().seenBy(B, null, OF_A);
        return new Outlook(
                o.state(),
                o.self(),
                o.version(),
                o.ballot(),
                o.fleet(),
                new TreeMap<>(Map.of(A, new Peers.Peer(A, false, 0, "", Optional.empty()))),
                o.waits(),
                o.sharedAddress());
    }

    private static ForcedProposal.Outcome propose(Masters.Standing standing, String... writtenOff) {
        Set<NodeId> nodes = new java.util.TreeSet<>();
        for (String node : writtenOff) {
            nodes.add(new NodeId(node));
        }
        return new ForcedProposal(atB(), standing, nodes)
                .propose(Scene.founded().history.getLast(), NONCE, NOW);
    }

    private static String refused(Masters.Standing standing, String... writtenOff) {
        return switch (propose(standing, writtenOff)) {
            case ForcedProposal.Outcome.Refused(var refusal) -> refusal.toString();
            case ForcedProposal.Outcome.Proposed(var promotion, var _) -> "proposed " + promotion;
        };
    }

    private static ForcedProposal.Outcome.Proposed proposed(
            Masters.Standing standing, String... writtenOff) {
        return switch (propose(standing, writtenOff)) {
            case ForcedProposal.Outcome.Refused(var refusal) ->
                    throw new AssertionError(refusal.toString());
            case ForcedProposal.Outcome.Proposed p -> p;
        };
    }

    @Test
    @Tag("REL-1")
    void proposesTheNextGenerationAndReachableWitnessesThatAreNotWrittenOff() {
        ForcedPromotion promotion =
                proposed(
                                with(
                                        follower(bothInSync(), null),
                                        present("m-a", "m-b", "eu-1", "us-1")),
                                "m-a")
                        .promotion();

        assertThat(promotion.getCluster()).isEqualTo("test");
        assertThat(promotion.getMasterId()).isEqualTo("m-b");
        assertThat(promotion.getGeneration()).isEqualTo(1);
        assertThat(promotion.getWitnessesList().stream().map(WitnessMember::getNodeId))
                .containsExactly("eu-1", "m-b", "us-1");
        assertThat(promotion.getWrittenOffList()).containsExactly("m-a");
        assertThat(promotion.getLastIndex()).isEqualTo(3);
        assertThat(promotion.getNonce()).isEqualTo(NONCE);
        assertThat(promotion.getExpiry()).isEqualTo(WireValues.of(NOW.plusSeconds(600)));
    }

    @Test
    @Tag("REL-2")
    void saysThatNothingIsLostWhenTheRegisterNamesItInSyncAndUnderWhichCondition() {
        var proposed = proposed(follower(bothInSync(), null), "m-a");

        assertThat(proposed.answer().getInSync()).isTrue();
        assertThat(proposed.promotion().getAcceptedLoss())
                .isEqualTo(
                        "none by register 0.1.m-a.7, sequence 3, which names master m-b in sync; if a primary left it out after that, what it decided alone since is lost");
    }

    @Test
    @Tag("REL-2")
    void saysWhatMayBeLostWhenItWasNotInSyncAndHowFarItLagged() {
        Masters.Standing standing =
                with(
                        follower(onlyAInSync(), null),
                        new Masters.Contact(A, START.plusSeconds(60), 10, START));

        var proposed = proposed(standing, "m-a");

        ProposeForcedPromotionResponse answer = proposed.answer();
        assertThat(answer.getInSync()).isFalse();
        assertThat(answer.getBehind()).isEqualTo(7);
        assertThat(answer.getLastPrimary()).isEqualTo("m-a");
        assertThat(answer.getLastContact()).isEqualTo(WireValues.of(START.plusSeconds(60)));
        assertThat(answer.getLastSync()).isEqualTo(WireValues.of(START));
        assertThat(answer.getLastAt()).isEqualTo(WireValues.of(START.plusSeconds(2)));
        assertThat(answer.getLastBallot()).isEqualTo(WireValues.of(OF_A));
        assertThat(proposed.promotion().getAcceptedLoss())
                .isEqualTo(
                        "decisions after entry 3, or in the place of entries before it that were never committed, that master m-a acknowledged while master m-b was not in sync by register 0.1.m-a.7, sequence 3: at least 7 entries");
    }

    @Test
    @Tag("REL-2")
    void doesNotKnowWhatIsLostWithoutARegister() {
        Masters.Standing standing =
                FakeMasters.standing(Masters.Kind.FOLLOWER, "", FakeMasters.JOURNAL_B, null, null);

        assertThat(proposed(standing, "m-a").promotion().getAcceptedLoss())
                .isEqualTo(
                        "unknown: master m-b knows no register; any decision after entry 3, or in the place of entries before it, may be lost");
        assertThat(refused(standing))
                .isEqualTo(
                        "master m-a: may have decisions that master m-b has not: expected it among those written off, found nobody");
    }

    @Test
    void namesWhomItCannotReachAndWhatShouldBeThoughtOfAgain() {
        ProposeForcedPromotionResponse gone =
                proposed(with(follower(bothInSync(), null), present("m-b", "us-2")), "m-a")
                        .answer();

        assertThat(gone.getUnreachableMastersList()).containsExactly("m-a");
        assertThat(gone.getUnreachableNodesList())
                .containsExactly("eu-1", "eu-2", "eu-3", "eu-4", "m-a", "us-1");
        assertThat(gone.getWarningsList())
                .containsExactly("witnesses: 1 instead of 5, until more agents are connected");
        ProposeForcedPromotionResponse alive = proposed(follower(bothInSync(), A), "m-a").answer();
        assertThat(alive.getUnreachableMastersList()).isEmpty();
        assertThat(alive.getWarningsList())
                .contains(
                        "master m-a is primary and is heard here now; force deposes it",
                        "node m-a is written off, but its agent is connected",
                        "a quorum of witnesses can be reached, and this master is in sync: 'sluice masters promote m-b' without --force gives up nothing");
    }

    @Test
    void refusesWhatCannotBeMeant() {
        Masters.Standing standing = follower(bothInSync(), null);

        assertThat(refused(standing))
                .isEqualTo(
                        "master m-a: may have decisions that master m-b has not: expected it among those written off, found nobody");
        assertThat(refused(standing, "m-a", "m-b"))
                .isEqualTo("node m-b: is the master to be promoted; it can't be written off");
        assertThat(refused(standing, "m-a", "mars-1"))
                .isEqualTo("node mars-1: is no master and no traffic node of this cluster");
        assertThat(refused(with(standing, present("m-a")), "m-a"))
                .isEqualTo(
                        "master m-b: expected the agent of at least one node to be connected here, which is not written off, as a witness; found none");
    }

    @Test
    void refusesWithAnEmptyJournal() {
        Outlook empty = new Scene().seenBy(B, null, OF_A);

        assertThat(
                        new ForcedProposal(empty, follower(bothInSync(), null), Set.of(A))
                                .propose(null, NONCE, NOW))
                .isInstanceOfSatisfying(
                        ForcedProposal.Outcome.Refused.class,
                        refused ->
                                assertThat(refused.refusal().reason())
                                        .contains("expected a journal with the cluster in it"));
    }
}
