package dev.sluice.control.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.model.NodeId;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who is waited for, and who should be in sync. */
final class CommitRuleTest {

    private static final Replica A = replica("m-a", "a1");
    private static final Replica B = replica("m-b", "b1");
    private static final Replica C = replica("m-c", "c1");

    private final CommitRule rule = new CommitRule();
    private long now = TimeUnit.HOURS.toNanos(1);

    private static Replica replica(String master, String store) {
        return new Replica(new NodeId(master), new StoreId(store));
    }

    private static SortedSet<Replica> set(Replica... members) {
        return new TreeSet<>(List.of(members));
    }

    private void pass(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** A is primary of a set whose other members are connected and have all 10 entries. */
    private void primaryOf(Replica... members) {
        rule.primary(A, set(members), now);
        rule.appended(1, 10, now);
        for (Replica member : members) {
            if (!member.equals(A)) {
                rule.acknowledged(member, rule.connected(member, 10, now), 10, now);
            }
        }
        assertThat(rule.isCommitted(10)).isTrue();
    }

    @Test
    void whoIsNotPrimaryCommitsNothingAndWantsNobody() {
        rule.appended(1, 3, now);

        assertThat(rule.isCommitted(1)).isFalse();
        assertThat(rule.wanted(now)).isEmpty();
    }

    @Test
    void aPrimaryAloneWaitsForNobody() {
        primaryOf(A);
        rule.appended(11, 11, now);

        assertThat(rule.isCommitted(11)).isTrue();
        assertThat(rule.wanted(now)).containsExactly(A);
    }

    @Test
    @Tag("REL-2")
    void anEntryIsCommittedWhenEveryReplicaInSyncHasIt() {
        rule.primary(A, set(A, B, C), now);
        long b = rule.connected(B, 10, now);
        long c = rule.connected(C, 10, now);
        rule.appended(11, 12, now);
        assertThat(rule.waitsFor(12)).containsExactly(B, C);

        rule.acknowledged(B, b, 12, now);
        assertThat(rule.isCommitted(12)).isFalse();
        rule.acknowledged(C, c, 11, now);
        assertThat(rule.isCommitted(11)).isTrue();
        assertThat(rule.waitsFor(12)).containsExactly(C);
        rule.acknowledged(C, c, 12, now);
        assertThat(rule.isCommitted(12)).isTrue();
    }

    @Test
    @Tag("REL-2")
    void bothTheSetThatIsWrittenAndTheOneBeingWrittenAreWaitedFor() {
        primaryOf(A, B);
        rule.appended(11, 11, now);

        assertThat(rule.registers(set(A, B), set(A), now)).isTrue();
        assertThat(rule.isCommitted(11)).isFalse();
        assertThat(rule.registers(set(A), set(A), now)).isTrue();
        assertThat(rule.isCommitted(11)).isTrue();
    }

    @Test
    void aSilentFollowerIsProposedToBeLeftOutAfterASecond() {
        primaryOf(A, B);
        pass(1000);
        assertThat(rule.wanted(now)).containsExactly(A, B);
        pass(1);
        assertThat(rule.wanted(now)).containsExactly(A);
    }

    @Test
    void aFollowerThatIsAwayIsProposedToBeLeftOutAfterHalfASecondUnlessItIsBack() {
        rule.primary(A, set(A, B), now);
        rule.appended(11, 11, now);
        long first = rule.connected(B, 10, now);
        rule.left(B, first, now);
        pass(500);
        rule.left(B, first, now);
        assertThat(rule.wanted(now)).containsExactly(A, B);
        pass(1);
        assertThat(rule.wanted(now)).containsExactly(A);

        long _ = rule.connected(B, 11, now);
        assertThat(rule.wanted(now)).containsExactly(A, B);
        assertThat(rule.isCommitted(11)).isTrue();
    }

    @Test
    void leavingMakesASilentFollowerWaitedForNoLonger() {
        rule.primary(A, set(A, B), now);
        long session = rule.connected(B, 10, now);
        pass(900);
        rule.left(B, session, now);
        pass(101);
        assertThat(rule.wanted(now)).containsExactly(A);
    }

    @Test
    void aMemberThatIsNotThereAtTheBeginningGetsTheSameHalfSecond() {
        rule.primary(A, set(A, B), now);
        pass(500);
        assertThat(rule.wanted(now)).containsExactly(A, B);
        pass(1);
        assertThat(rule.wanted(now)).containsExactly(A);
    }

    @Test
    @Tag("REL-4")
    void aFollowerThatLivesButMakesNothingDurableIsProposedToBeLeftOut() {
        rule.primary(A, set(A, B), now);
        rule.appended(1, 10, now);
        long session = rule.connected(B, 10, now);
        pass(60_000);
        rule.acknowledged(B, session, 10, now);
        rule.appended(11, 11, now);
        for (int i = 0; i < 15; i++) {
            pass(200);
            rule.acknowledged(B, session, 10, now);
            assertThat(rule.wanted(now)).containsExactly(A, B);
        }
        pass(200);
        rule.acknowledged(B, session, 10, now);

        assertThat(rule.wanted(now)).containsExactly(A);
    }

    @Test
    @Tag("REL-2")
    void aFollowerThatCatchesUpIsWaitedForBeforeItIsProposed() {
        primaryOf(A);
        long session = rule.connected(B, 3, now);
        rule.appended(11, 600, now);
        assertThat(rule.isCommitted(600)).isTrue();
        assertThat(rule.wanted(now)).containsExactly(A);

        rule.acknowledged(B, session, 88, now);
        assertThat(rule.wanted(now)).containsExactly(A);
        rule.appended(601, 601, now);
        assertThat(rule.isCommitted(601)).isFalse();

        rule.acknowledged(B, session, 599, now);
        assertThat(rule.wanted(now)).containsExactly(A);
        rule.acknowledged(B, session, 600, now);
        assertThat(rule.wanted(now)).containsExactly(A, B);
        assertThat(rule.isCommitted(601)).isFalse();
    }

    @Test
    void whoReachedTheEndAtItsConnectingIsCaughtUpHoweverMuchCameSince() {
        primaryOf(A);
        rule.appended(11, 2000, now);
        long session = rule.connected(B, 11, now);
        rule.appended(2001, 9000, now);
        rule.acknowledged(B, session, 1999, now);
        var _ = rule.wanted(now);
        rule.appended(9001, 9001, now);
        assertThat(rule.isCommitted(9001)).isTrue();

        rule.acknowledged(B, session, 2000, now);
        var _ = rule.wanted(now);
        rule.appended(9002, 9002, now);
        assertThat(rule.isCommitted(9002)).isFalse();
    }

    @Test
    void aFollowerThatHasSaidNothingIsNotWaitedFor() {
        primaryOf(A);
        long _ = rule.connected(B, 10, now);
        assertThat(rule.wanted(now)).containsExactly(A);
        rule.appended(11, 11, now);

        assertThat(rule.isCommitted(11)).isTrue();
    }

    @Test
    void aFollowerThatIsHeldForAndFallsSilentIsLetGo() {
        primaryOf(A);
        long session = rule.connected(B, 10, now);
        rule.acknowledged(B, session, 10, now);
        assertThat(rule.wanted(now)).containsExactly(A, B);
        rule.appended(11, 11, now);
        assertThat(rule.isCommitted(11)).isFalse();

        pass(1001);
        assertThat(rule.wanted(now)).containsExactly(A);
        assertThat(rule.isCommitted(11)).isTrue();
    }

    @Test
    @Tag("REL-2")
    void aWriteThatWouldTakeInWhoLacksWhatIsCommittedMustNotBegin() {
        primaryOf(A);
        long session = rule.connected(B, 10, now);
        rule.acknowledged(B, session, 10, now);
        SortedSet<Replica> proposed = rule.wanted(now);
        assertThat(proposed).containsExactly(A, B);
        rule.left(B, session, now);
        rule.appended(11, 11, now);
        assertThat(rule.isCommitted(11)).isTrue();

        assertThat(rule.registers(set(A), proposed, now)).isFalse();

        rule.appended(12, 12, now);
        assertThat(rule.isCommitted(12)).isTrue();
        assertThat(rule.registers(set(A), set(A, C), now)).isFalse();
    }

    @Test
    @Tag("REL-2")
    void whatStoodInTheJournalBeforeThisPrimaryMayBeCommittedAlready() {
        rule.primary(A, set(A), now);
        long session = rule.connected(B, 95, now);
        rule.acknowledged(B, session, 95, now);
        assertThat(rule.wanted(now)).containsExactly(A);
        rule.appended(101, 101, now);
        assertThat(rule.wanted(now)).containsExactly(A);
        rule.acknowledged(B, session, 99, now);
        assertThat(rule.wanted(now)).containsExactly(A);

        rule.acknowledged(B, session, 100, now);
        assertThat(rule.wanted(now)).containsExactly(A, B);
    }

    @Test
    @Tag("REL-2")
    void entriesThatCameFromAnotherPrimaryMeanwhileMayBeCommittedToo() {
        primaryOf(A);
        long session = rule.connected(B, 10, now);
        rule.appended(21, 21, now);
        rule.acknowledged(B, session, 19, now);
        assertThat(rule.wanted(now)).containsExactly(A);

        rule.acknowledged(B, session, 20, now);
        assertThat(rule.wanted(now)).containsExactly(A, B);
    }

    @Test
    @Tag("REL-4")
    void whatALostSessionSaidLateCountsForNothing() {
        rule.primary(A, set(A, B), now);
        rule.appended(11, 20, now);
        long first = rule.connected(B, 10, now);
        long second = rule.connected(B, 8, now);

        rule.acknowledged(B, first, 20, now);
        rule.left(B, first, now);
        assertThat(rule.isCommitted(11)).isFalse();
        assertThat(rule.durableIndex(B)).isEqualTo(8);

        rule.acknowledged(B, second, 20, now);
        rule.acknowledged(B, second, 12, now);
        assertThat(rule.isCommitted(20)).isTrue();
    }

    @Test
    void anotherJournalOfTheSameMasterIsAnotherReplica() {
        primaryOf(A, B);
        Replica anew = replica("m-b", "b2");
        long session = rule.connected(anew, 10, now);
        rule.acknowledged(anew, session, 10, now);
        rule.appended(11, 11, now);
        rule.acknowledged(anew, session, 11, now);

        assertThat(rule.waitsFor(11)).containsExactly(B);
        assertThat(rule.wanted(now)).containsExactly(A, B, anew);
    }

    @Test
    @Tag("REL-4")
    void whileThisProcessStoodStillNobodyWasSilent() {
        primaryOf(A, B);
        pass(5000);
        rule.stoodStill(TimeUnit.SECONDS.toNanos(5));

        assertThat(rule.wanted(now)).containsExactly(A, B);
    }

    @Test
    void afterwardsNothingIsCommittedAndWhoIsConnectedMayBeWantedAgain() {
        primaryOf(A, B);
        rule.reset();
        assertThat(rule.isCommitted(1)).isFalse();
        assertThat(rule.wanted(now)).isEmpty();

        rule.primary(A, set(A), now);
        rule.appended(11, 11, now);
        assertThat(rule.wanted(now)).containsExactly(A, B);
    }

    @Test
    void compactionStopsAtTheLowestThatIsConnected() {
        primaryOf(A, B);
        assertThat(rule.lowestConnected()).isEqualTo(10);
        long c = rule.connected(C, 4, now);
        assertThat(rule.lowestConnected()).isEqualTo(4);
        rule.left(C, c, now);
        assertThat(rule.lowestConnected()).isEqualTo(10);
    }
}
