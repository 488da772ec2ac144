package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessSet;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class InSyncTest {

    private static final NodeId MASTER_A = new NodeId("m-a");
    private static final Replica A = new Replica(MASTER_A, new StoreId("a1"));
    private static final Replica B = new Replica(new NodeId("m-b"), new StoreId("b1"));

    private long now = 5_000;
    private final InSync inSync = new InSync(() -> now);
    private final List<SortedSet<Replica>> changes = new ArrayList<>();
    private int progress;

    private static SortedSet<Replica> set(Replica... members) {
        return new TreeSet<>(List.of(members));
    }

    private static Register register(NodeId primary, Replica... members) {
        return new Register(
                new Ballot(0, 1, primary, 7),
                0,
                set(members),
                WitnessSet.of(1, List.of(new Witness(new NodeId("eu-1"), new StoreId("ledger-1")))),
                Optional.empty());
    }

    private void append(long index) {
        inSync.appended(
                index, List.of(new byte[10]), new JournalPosition(index, ChainHash.GENESIS));
    }

    private void watch() {
        inSync.onWantedChanged(() -> changes.add(inSync.wanted()));
        inSync.onProgress(() -> progress++);
    }

    @Test
    @Tag("REL-2")
    void tellsOncePerChangeWhoShouldBeInSyncAndWakesTheWriter() {
        inSync.primary(register(MASTER_A, A));
        watch();
        append(1);
        assertThat(inSync.isCommitted(1)).isTrue();
        long session = inSync.connected(B, 1);
        inSync.acknowledged(B, session, 1);
        inSync.acknowledged(B, session, 1);
        assertThat(changes).containsExactly(set(A, B));

        assertThat(inSync.registers(set(A), set(A, B))).isTrue();
        append(2);
        assertThat(inSync.isCommitted(2)).isFalse();
        assertThat(inSync.waitsFor(2)).isEqualTo("master m-b, which has entry 1");
        int before = progress;
        inSync.acknowledged(B, session, 2);
        assertThat(progress).isGreaterThan(before);
        assertThat(inSync.isCommitted(2)).isTrue();
        assertThat(inSync.lowestFollower()).isEqualTo(2);
        assertThat(changes).hasSize(1);
    }

    @Test
    void timeAloneChangesWhoIsWanted() {
        inSync.primary(register(MASTER_A, A, B));
        watch();
        inSync.look();
        for (int i = 0; i < 6; i++) {
            now += TimeUnit.MILLISECONDS.toNanos(100);
            inSync.look();
        }

        assertThat(changes).containsExactly(set(A));
    }

    @Test
    @Tag("REL-4")
    void aProcessThatStoodStillDoesNotLeaveOutWhomItDidNotHearMeanwhile() {
        inSync.primary(register(MASTER_A, A, B));
        inSync.look();
        watch();
        now += TimeUnit.SECONDS.toNanos(30);
        inSync.look();

        assertThat(changes).isEmpty();
        assertThat(inSync.wanted()).isEqualTo(set(A, B));
    }

    @Test
    void batchesOfAnEarlierTermAreForgotten() {
        inSync.primary(register(MASTER_A, A));
        append(1);
        assertThat(inSync.recent(1)).isPresent();

        inSync.reset();
        inSync.primary(register(MASTER_A, A));

        assertThat(inSync.recent(1)).isEmpty();
    }

    @Test
    void aPrimaryOutsideOfItsOwnSetIsABug() {
        assertThatThrownBy(() -> inSync.primary(register(MASTER_A, B)))
                .hasMessageContaining("its primary is not in sync");
    }
}
