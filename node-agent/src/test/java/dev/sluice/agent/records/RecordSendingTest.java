package dev.sluice.agent.records;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.traffic.SessionLog.Entry;
import dev.sluice.v1.SessionEnd;
import dev.sluice.v1.SessionRecordAck;
import dev.sluice.v1.SessionRecordBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which batch goes to which master, and what may leave the spool. */
@Tag("PAIR-3")
final class RecordSendingTest {

    private static final long LATER = RecordSending.AGAIN_AFTER.toNanos();

    private final RecordSending sending = new RecordSending("eu-1");
    private SpoolState spool = SpoolState.named("s");

    private void ended(int count) {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            entries.add(new Entry.Ended(i, "customer", 10, 20, "cut"));
        }
        spool = spool.apply(new SpoolFact.Read("1", 1, 0, entries));
    }

    private static SessionRecordAck ack(String store, long sequence) {
        return SessionRecordAck.newBuilder().setStoreId(store).setSequence(sequence).build();
    }

    private List<String> next(Map<String, Long> sessions, long nanos) {
        return sending.next(spool, sessions, nanos).stream()
                .map(send -> {
                    SessionRecordBatch batch = send.batch();
                    return "%s %d+%d"
                            .formatted(
                                    send.master(),
                                    batch.getRun().getFirstSequence(),
                                    batch.getRun().getRecordsCount());
                })
                .sorted()
                .toList();
    }

    @Test
    void eachMasterHasOneBatchUnderWayAndGetsTheNextWhenItHasAcknowledged() {
        ended(600);
        Map<String, Long> both = Map.of("m-a", 1L, "m-b", 1L);

        assertThat(next(both, 0)).containsExactly("m-a 1+256", "m-b 1+256");
        assertThat(next(both, LATER - 1)).isEmpty();
        sending.acknowledged(spool, "m-a", ack("s", 256));
        assertThat(next(both, 1)).containsExactly("m-a 257+256");
        sending.acknowledged(spool, "m-a", ack("s", 600));
        assertThat(next(both, 2)).isEmpty();
    }

    @Test
    void whatIsNotAcknowledgedIsSentAgainLaterOrInAnotherSession() {
        ended(3);
        assertThat(next(Map.of("m-a", 1L), 0)).containsExactly("m-a 1+3");
        assertThat(next(Map.of("m-a", 1L), LATER)).containsExactly("m-a 1+3");
        sending.acknowledged(spool, "m-a", ack("s", 3));
        assertThat(next(Map.of("m-a", 1L), LATER + 1)).isEmpty();

        assertThat(next(Map.of("m-a", 2L), LATER + 2)).containsExactly("m-a 1+3");
    }

    @Test
    void lossesAreToldOnceInASessionAlsoWithoutRecords() {
        assertThat(next(Map.of("m-a", 1L), 0)).containsExactly("m-a 0+0");
        sending.acknowledged(spool, "m-a", ack("s", 0));
        assertThat(next(Map.of("m-a", 1L), 1)).isEmpty();
        spool = spool.apply(new SpoolFact.Read("1", 9, 4, List.of()));
        assertThat(sending.next(spool, Map.of("m-a", 1L), 2))
                .singleElement()
                .satisfies(send -> assertThat(send.batch().getMissed()).isEqualTo(4));
    }

    @Test
    void anAcknowledgementOfAnotherSpoolOrOfWhatDoesNotExistReleasesNothing() {
        ended(3);
        next(Map.of("m-a", 1L), 0);
        sending.acknowledged(spool, "m-a", ack("other", 3));
        sending.acknowledged(spool, "m-x", ack("s", 3));
        assertThat(sending.releasable(spool)).isZero();

        sending.acknowledged(spool, "m-a", ack("s", Long.MAX_VALUE));
        assertThat(sending.releasable(spool)).isEqualTo(3);
        sending.acknowledged(spool, "m-a", ack("s", -1));
        assertThat(sending.releasable(spool)).isEqualTo(3);
    }

    @Test
    void theSpoolWaitsForEveryMasterWithASessionUntilItIsHalfFull() {
        ended(10);
        assertThat(ReleaseRule.releasable(spool, List.of())).isZero();
        assertThat(ReleaseRule.releasable(spool, List.of(10L, 4L))).isEqualTo(4);
        assertThat(ReleaseRule.releasable(spool, List.of(10L))).isEqualTo(10);
        ended(SpoolState.MAX_RECORDS / 2);
        assertThat(ReleaseRule.releasable(spool, List.of(10L, 0L))).isEqualTo(10);
    }

    @Test
    void whatNoMasterWouldTakeDoesNotLeaveTheAgent() {
        spool =
                spool.apply(
                        new SpoolFact.Read(
                                "1", 2, 0, List.of(new Entry.Ended(1, "No Kind!", -5, 20, "odd"))));

        assertThat(sending.next(spool, Map.of("m-a", 1L), 0))
                .singleElement()
                .satisfies(send -> {
                    var record = send.batch().getRun().getRecords(0);
                    assertThat(record.getKind()).isEqualTo("unknown");
                    assertThat(record.getBeganMillis()).isZero();
                    assertThat(record.getEnd()).isEqualTo(SessionEnd.SESSION_END_UNSPECIFIED);
                });
    }
}
