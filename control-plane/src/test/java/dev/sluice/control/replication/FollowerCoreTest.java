package dev.sluice.control.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessSet;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.replication.FollowerCore.Action;
import dev.sluice.control.replication.FollowerCore.Message;
import dev.sluice.control.replication.FollowerCore.Refusal;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class FollowerCoreTest {

    private static final Ballot OWN = ballot(3);
    private final FollowerCore core = new FollowerCore(at(10), OWN);

    private static Ballot ballot(long counter) {
        return new Ballot(0, counter, new NodeId("m-a"), 7);
    }

    private static ChainHash hash(int seed) {
        byte[] bytes = new byte[ChainHash.BYTES];
        Arrays.fill(bytes, (byte) seed);
        return ChainHash.of(bytes);
    }

    private static JournalPosition at(int index) {
        return new JournalPosition(index, hash(index));
    }

    private static Message.Entries entries(int first, int last) {
        return new Message.Entries(
                first, Collections.nCopies(last - first + 1, new byte[1]), hash(last));
    }

    private static Message accepted(long counter) {
        return new Message.Accepted(ballot(counter), Optional.empty());
    }

    private static Message heartbeat(long counter) {
        return new Message.Heartbeat(ballot(counter), 10, Optional.empty());
    }

    private void follow() {
        assertThat(core.hear(accepted(4)))
                .containsExactly(new Action.Heard(ballot(4), Optional.empty()));
    }

    private static void assertLeaves(List<Action> actions, String why) {
        assertThat(actions)
                .singleElement()
                .isInstanceOfSatisfying(
                        Action.Leave.class, leave -> assertThat(leave.why()).contains(why));
    }

    @Test
    @Tag("REL-2")
    void acknowledgesWhatTheOwnJournalHasMadeDurableAndNotBefore() {
        follow();

        List<Action> actions = core.hear(entries(11, 12));
        assertThat(actions).hasSize(2).noneMatch(Action.Acknowledge.class::isInstance);
        assertThat(actions.getLast()).isInstanceOf(Action.Append.class);
        assertThat(core.hear(entries(13, 13))).noneMatch(Action.Acknowledge.class::isInstance);

        assertThat(core.durable(at(12))).containsExactly(new Action.Acknowledge(12));
        assertThat(core.durable(at(13))).containsExactly(new Action.Acknowledge(13));
    }

    @Test
    void aHeartbeatIsAnsweredByTheWriterItself() {
        follow();

        assertThat(core.hear(heartbeat(4)))
                .containsExactly(
                        new Action.Heard(ballot(4), Optional.empty()), new Action.AskWriter());
        assertThat(core.durable(at(10))).containsExactly(new Action.Acknowledge(10));
    }

    @Test
    @Tag("REL-4")
    void entriesThatComeTwiceAreAcknowledgedAndNotAppended() {
        follow();
        var _ = core.hear(entries(11, 12));
        var _ = core.durable(at(12));

        assertThat(core.hear(entries(11, 12)))
                .containsExactly(
                        new Action.Heard(ballot(4), Optional.empty()), new Action.Acknowledge(12));
        assertThat(core.hear(entries(13, 13)).getLast()).isInstanceOf(Action.Append.class);
    }

    @Test
    @Tag("REL-3")
    void aGapAnOverlapAndNothingEndTheSession() {
        follow();
        assertLeaves(core.hear(entries(12, 13)), "sent entries 12 to 13, expected 11 next");

        FollowerCore second = new FollowerCore(at(10), OWN);
        var _ = second.hear(accepted(4));
        assertLeaves(second.hear(entries(10, 11)), "of which some were sent before");

        FollowerCore third = new FollowerCore(at(10), OWN);
        var _ = third.hear(accepted(4));
        assertLeaves(third.hear(new Message.Entries(11, List.of(), hash(1))), "expected 11 next");
        assertThat(third.hear(entries(11, 12))).isEmpty();
        assertThat(third.durable(at(11))).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void nothingIsTakenBeforeThePrimaryAccepted() {
        assertLeaves(core.hear(entries(11, 11)), "before it accepted");
        assertLeaves(new FollowerCore(at(10), OWN).hear(heartbeat(4)), "before it accepted");
    }

    @Test
    @Tag("REL-3")
    void anotherHashAfterTheSameEntriesEndsTheSessionUnacknowledged() {
        follow();
        var _ = core.hear(entries(11, 12));

        assertLeaves(
                core.durable(new JournalPosition(12, hash(99))), "entry 12 has chain hash 0c0c");
    }

    @Test
    @Tag("REL-1")
    void aPrimaryOfThePastIsNeitherFollowedNorCutFor() {
        assertLeaves(core.hear(accepted(2)), "below");
        assertLeaves(
                new FollowerCore(at(10), OWN)
                        .hear(
                                new Message.Refused(
                                        Refusal.DIVERGED,
                                        "",
                                        Optional.of(ballot(2)),
                                        Optional.empty())),
                "below");
        follow(new FollowerCore(at(10), OWN));
    }

    private static void follow(FollowerCore core) {
        var _ = core.hear(accepted(4));
        assertLeaves(core.hear(heartbeat(3)), "is below its own");
    }

    @Test
    @Tag("REL-2")
    void theRegisterOfAPrimaryThatRefusesIsHeardBeforeTheJournalIsRepaired() {
        Register register =
                new Register(
                        ballot(4),
                        0,
                        new TreeSet<>(List.of(new Replica(new NodeId("m-a"), new StoreId("j1")))),
                        WitnessSet.of(
                                1, List.of(new Witness(new NodeId("eu-1"), new StoreId("w1")))),
                        Optional.empty());

        List<Action> actions =
                new FollowerCore(at(10), OWN)
                        .hear(
                                new Message.Refused(
                                        Refusal.DIVERGED,
                                        "why",
                                        Optional.of(ballot(4)),
                                        Optional.of(register)));

        assertThat(actions.getFirst())
                .isEqualTo(new Action.Heard(ballot(4), Optional.of(register)));
        assertThat(actions.getLast()).isInstanceOf(Action.Resync.class);
    }

    @Test
    @Tag("REL-2")
    void aJournalIsCutOnlyForABallotAboveTheOneThatWroteIt() {
        assertThat(
                        core.hear(
                                new Message.Refused(
                                        Refusal.DIVERGED,
                                        "why",
                                        Optional.of(ballot(4)),
                                        Optional.empty())))
                .containsExactly(
                        new Action.Heard(ballot(4), Optional.empty()),
                        new Action.Resync(Refusal.DIVERGED, "why", ballot(4)));
        assertLeaves(
                new FollowerCore(at(10), OWN)
                        .hear(
                                new Message.Refused(
                                        Refusal.DIVERGED,
                                        "why",
                                        Optional.of(OWN),
                                        Optional.empty())),
                "one ballot wrote two histories");
        assertLeaves(
                new FollowerCore(at(10), OWN)
                        .hear(
                                new Message.Refused(
                                        Refusal.DIVERGED,
                                        "why",
                                        Optional.empty(),
                                        Optional.empty())),
                "without a ballot");
        assertThat(
                        new FollowerCore(at(10), OWN)
                                .hear(
                                        new Message.Refused(
                                                Refusal.TOO_OLD,
                                                "",
                                                Optional.of(OWN),
                                                Optional.empty())))
                .hasSize(2);
    }

    @Test
    void whoIsNotPrimaryIsLeftWithoutAWord() {
        assertThat(
                        core.hear(
                                new Message.Refused(
                                        Refusal.NOT_PRIMARY,
                                        "",
                                        Optional.empty(),
                                        Optional.empty())))
                .isEmpty();
    }

    @Test
    void entriesThatCanNotBeAppendedEndTheSession() {
        follow();
        var _ = core.hear(entries(11, 12));

        assertLeaves(core.notTaken("the queue is full"), "not taken: the queue is full");
        assertThat(core.notTaken("again")).isEmpty();
    }
}
