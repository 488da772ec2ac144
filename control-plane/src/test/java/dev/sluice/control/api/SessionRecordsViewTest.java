package dev.sluice.control.api;

import static dev.sluice.control.records.Records.run;
import static dev.sluice.control.records.Records.spool;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Timestamp;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.recordstore.RecordQuery;
import dev.sluice.control.recordstore.RecordStore;
import dev.sluice.control.recordstore.Retention;
import dev.sluice.v1.EndedSession;
import dev.sluice.v1.ListSessionRecordsRequest;
import dev.sluice.v1.SessionEnd;
import dev.sluice.v1.SessionRecordExchange;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("PAIR-3")
final class SessionRecordsViewTest {

    @AutoClose
    private final RecordStore store =
            new RecordStore(
                    new MemoryDisk(), Retention.DEFAULT, InstantSource.system(), System::nanoTime);

    private final SessionRecordsView view =
            new SessionRecordsView(
                    Scene.A,
                    new SessionRecords() {
                        @Override
                        public RecordStore.Selection select(RecordQuery query) throws IOException {
                            return store.select(query);
                        }

                        @Override
                        public RecordStore.Status status() {
                            return store.status();
                        }

                        @Override
                        public SortedMap<NodeId, Exchange> exchanges() {
                            return new TreeMap<>(
                                    Map.of(
                                            Scene.B,
                                            new Exchange(
                                                    4, 6, Optional.of(Instant.ofEpochSecond(9)))));
                        }
                    });

    @BeforeEach
    void fill() throws Exception {
        var _ =
                store.store(List.of(run(spool("eu-1"), 1, 150), run(spool("us-1"), 1, 3)))
                        .get(20, TimeUnit.SECONDS);
    }

    @Test
    void listsThoseThatEndedLastWithWhatTheStoreKnows() {
        var list = view.list(ListSessionRecordsRequest.newBuilder().setLimit(2).build());

        assertThat(list.getAnsweredBy()).isEqualTo(Scene.A.value());
        assertThat(list.getMore()).isTrue();
        assertThat(list.getSessionsList())
                .extracting(EndedSession::getSequence)
                .containsExactly(150L, 149L);
        EndedSession last = list.getSessions(0);
        assertThat(last.getNodeId()).isEqualTo("eu-1");
        assertThat(last.getStoreId()).isEqualTo("5eed");
        assertThat(last.getEnded())
                .isEqualTo(Timestamp.newBuilder().setSeconds(1).setNanos(505_000_000).build());
        assertThat(last.getEnd()).isEqualTo(SessionEnd.SESSION_END_SILENT);
        assertThat(list.getStatus().getKept()).isEqualTo(153);
        assertThat(list.getStatus().getExchangesList())
                .containsExactly(
                        SessionRecordExchange.newBuilder()
                                .setMasterId(Scene.B.value())
                                .setTaken(4)
                                .setGiven(6)
                                .setLastComplete(Timestamp.newBuilder().setSeconds(9))
                                .build());
    }

    @Test
    void aHundredUnlessAskedElseOfTheNodeAndTimeThatWereAsked() {
        assertThat(view.list(ListSessionRecordsRequest.getDefaultInstance()).getSessionsCount())
                .isEqualTo(SessionRecordsView.DEFAULT_LIMIT);
        assertThat(
                        view.list(
                                        ListSessionRecordsRequest.newBuilder()
                                                .setNodeId("us-1")
                                                .setSince(
                                                        Timestamp.newBuilder().setNanos(24_000_001))
                                                .build())
                                .getSessionsList())
                .extracting(EndedSession::getSequence)
                .containsExactly(3L, 2L);
    }

    @ParameterizedTest
    @CsvSource({"1001,'',limit: expected 1 to 1000", "-1,'',limit", "5,no/node,node_id"})
    void nonsenseIsRefused(int limit, String node, String message) {
        assertThatThrownBy(() ->
                        view.list(
                                ListSessionRecordsRequest.newBuilder()
                                        .setLimit(limit)
                                        .setNodeId(node)
                                        .build()))
                .hasMessageContaining("INVALID_ARGUMENT")
                .hasMessageContaining(message);
    }

    @Test
    void aStoreThatIsClosedSaysWhy() {
        store.close();
        assertThatThrownBy(() -> view.list(ListSessionRecordsRequest.getDefaultInstance()))
                .hasMessageContaining("session records: it is closed");
        assertThat(view.status().getUnavailable()).isEqualTo("it is closed");
    }
}
