package dev.sluice.control.recordstore;

import static dev.sluice.control.records.Records.run;
import static dev.sluice.control.records.Records.spool;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.records.RecordBatch;
import dev.sluice.control.records.RecordRun;
import dev.sluice.control.records.SpoolId;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The store's thread: acknowledgements, failures of its disk, what it tells of itself. */
@Tag("PAIR-3")
@Timeout(60)
final class RecordStoreTest {

    private static final SpoolId EU1 = spool("eu-1");

    private final MemoryDisk disk = new MemoryDisk();
    private final AtomicLong nanos = new AtomicLong();

    private RecordStore store() {
        return new RecordStore(
                disk,
                JournalOptions.defaults().withPreallocateBytes(0).withSegmentBytes(16 << 10),
                Retention.DEFAULT,
                InstantSource.system(),
                nanos::get);
    }

    private static RecordBatch batch(RecordRun run, long oldest) {
        return new RecordBatch(run.spool(), Optional.of(run), oldest, RecordBatch.Losses.NONE);
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    @Test
    void acknowledgesWhatIsThereWithoutAGapFromTheSpoolsOldestOn() throws Exception {
        try (RecordStore store = store()) {
            assertThat(get(store.take(batch(run(EU1, 1, 5), 1)))).isEqualTo(5);
            assertThat(get(store.take(batch(run(EU1, 9, 12), 1)))).isEqualTo(5);
            assertThat(get(store.take(batch(run(EU1, 6, 8), 6)))).isEqualTo(12);
            assertThat(get(store.take(batch(run(EU1, 1, 5), 1)))).isEqualTo(12);
            RecordBatch empty =
                    new RecordBatch(EU1, Optional.empty(), 13, new RecordBatch.Losses(4, 2));
            assertThat(get(store.take(empty))).isEqualTo(12);
            assertThat(store.status().losses())
                    .containsEntry(new NodeId("eu-1"), new RecordBatch.Losses(4, 2));
            assertThat(store.status().kept()).isEqualTo(12);
        }
    }

    @Test
    void countsForEachCallerWhatItBroughtThoughCallersShareAWrite() throws Exception {
        try (RecordStore store = store()) {
            List<CompletableFuture<Long>> done = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                done.add(store.store(List.of(run(EU1, 1 + i * 2L, 4 + i * 2L))));
            }
            long sum = 0;
            for (CompletableFuture<Long> one : done) {
                sum += get(one);
            }
            assertThat(sum).isEqualTo(202).isEqualTo(store.status().kept());
        }
    }

    @Test
    void aDiskThatFailsStopsTheStoreAloneAndItOpensAnewAfterAPause() throws Exception {
        try (RecordStore store = store()) {
            get(store.store(List.of(run(EU1, 1, 5))));
            disk.forceFails(true);
            assertThatThrownBy(() -> get(store.take(batch(run(EU1, 6, 9), 1))))
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("Input/output error");
            assertThat(store.status().unavailable()).contains("Input/output error");
            assertThatThrownBy(() -> store.select(new RecordQuery(null, 0, 1)))
                    .isInstanceOf(RecordStore.UnavailableException.class);
            assertThatThrownBy(() -> get(store.store(List.of(run(EU1, 6, 9)))))
                    .isInstanceOf(ExecutionException.class);

            disk.forceFails(false);
            nanos.addAndGet(RecordStore.REOPEN_PAUSE.toNanos() + 1);
            long acknowledged = 0;
            for (int attempt = 0; attempt < 100 && acknowledged == 0; attempt++) {
                acknowledged =
                        store.take(batch(run(EU1, 6, 9), 1))
                                .handle((s, e) -> e == null ? s : 0L)
                                .get(30, TimeUnit.SECONDS);
            }
            assertThat(acknowledged).isEqualTo(9);
            assertThat(store.status().unavailable()).isEmpty();
        }
    }

    @Test
    void aDamagedLogIsNotTriedAgainAndSaysWhatToDo() throws Exception {
        try (RecordStore store = store()) {
            for (int i = 0; i < 40; i++) {
                get(store.store(List.of(run(EU1, 1 + i * 50L, 50 + i * 50L))));
            }
        }
        String first =
                disk.list().stream()
                        .filter(n -> n.endsWith(".log"))
                        .sorted()
                        .findFirst()
                        .orElseThrow();
        disk.flip(first, 500);

        try (RecordStore store = store()) {
            assertThatThrownBy(() -> get(store.store(List.of(run(EU1, 1, 5)))))
                    .hasRootCauseInstanceOf(RecordStore.UnavailableException.class);
            assertThat(store.status().unavailable()).contains(first);
        }
    }

    @Test
    void afterARestartItHasWhatItAcknowledged() throws Exception {
        try (RecordStore store = store()) {
            get(store.store(List.of(run(EU1, 1, 5))));
        }
        try (RecordStore again = store()) {
            assertThat(get(again.take(batch(run(EU1, 6, 6), 1)))).isEqualTo(6);
        }
    }

    @Test
    void whatWaitsWhenItIsClosedIsNotAcknowledged() {
        RecordStore store = store();
        store.close();
        CompletableFuture<Long> late = store.store(List.of(run(EU1, 1, 5)));
        assertThat(late.isCompletedExceptionally()).isTrue();
    }

    @Test
    void theDefaultsKeepThirtyDaysAndAQuarterOfAGibibyte() throws IOException {
        assertThat(Retention.DEFAULT.maxAge()).hasDays(30);
        assertThat(Retention.DEFAULT.maxBytes()).isEqualTo(256 << 20);
    }
}
