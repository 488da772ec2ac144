package dev.sluice.agent.records;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.agent.ledger.MemoryLedgerStorage;
import dev.sluice.agent.traffic.SessionLog;
import dev.sluice.agent.traffic.SessionLog.Entry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The agent's spool against a site that goes on while the agent is killed and its disk fails. */
@Tag("PAIR-3")
final class SpoolTest {

    private static final int SEEDS = 200;
    private static final int ANSWER = 7;

    private final MemoryLedgerStorage storage = new MemoryLedgerStorage();

    private Spool open() throws IOException {
        return open(storage, 1);
    }

    private static Spool open(MemoryLedgerStorage storage, long seed) throws IOException {
        return Spool.open(storage, () -> {}, new SplittableRandom(seed));
    }

    private static Entry.Began began(long session) {
        return new Entry.Began(session, "customer", session * 10);
    }

    private static Entry.Ended ended(long session) {
        return new Entry.Ended(session, "customer", session * 10, session * 10 + 5, "client");
    }

    private static void read(Spool spool, SessionLog log) throws IOException {
        spool.append(spool.state().factsOf(log, 999));
    }

    /** A site with a history, which answers as the real one does. */
    private static final class Site {
        private final SplittableRandom random;
        private final List<Entry> log = new ArrayList<>();
        private final List<Long> open = new ArrayList<>();
        private String run = "1";
        private long session;

        Site(SplittableRandom random) {
            this.random = random;
        }

        void live() {
            for (int i = random.nextInt(12); i > 0; i--) {
                if (open.isEmpty() || random.nextBoolean()) {
                    open.add(++session);
                    log.add(began(session));
                } else {
                    log.add(ended(open.remove(random.nextInt(open.size()))));
                }
            }
        }

        /** Sessions have numbers that no other run has, so that records can be told apart. */
        void restart() {
            run += "1";
            log.clear();
            open.clear();
        }

        SessionLog answer(SpoolState known) {
            long first =
                    known.run().equals(run) ? Math.clamp(known.next(), 1L, log.size() + 1L) : 1;
            int from = (int) first - 1;
            int to = Math.min(log.size(), from + ANSWER);
            return new SessionLog(run, first, to < log.size(), log.subList(from, to));
        }
    }

    /** What a spool has ever told, by its sequence: a number never means two things. */
    private static void remember(SpoolState state, Map<Long, EndedSession> told) {
        state.records()
                .forEach((sequence, record) -> {
                    EndedSession before = told.put(sequence, record);
                    assertThat(before == null || before.equals(record)).isTrue();
                });
    }

    @Test
    void everySessionThatWasReadHasOneRecordThoughTheAgentIsKilledAtAnyByte() throws IOException {
        for (int seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            MemoryLedgerStorage disk = new MemoryLedgerStorage();
            Site site = new Site(random);
            Spool spool = open(disk, seed);
            String name = spool.state().store();
            Map<Long, EndedSession> told = new HashMap<>();
            for (int turn = 0; turn < 60; turn++) {
                site.live();
                boolean torn = random.nextInt(4) == 0;
                if (torn) {
                    disk.tearNextAppendAfter(random.nextInt(400));
                }
                try {
                    read(spool, site.answer(spool.state()));
                    remember(spool.state(), told);
                    if (random.nextInt(6) == 0 && !spool.state().records().isEmpty()) {
                        spool.append(
                                List.of(
                                        new SpoolFact.Released(
                                                spool.state().oldest() + random.nextInt(3))));
                    }
                } catch (IOException _) {
                    spool = open(disk, seed + 1_000);
                }
                if (random.nextInt(20) == 0) {
                    disk.replace(disk.read());
                    spool = open(disk, seed + 2_000);
                }
                remember(spool.state(), told);
            }
            disk.replace(disk.read());
            spool = open(disk, seed);
            SessionLog last;
            do {
                last = site.answer(spool.state());
                read(spool, last);
                remember(spool.state(), told);
            } while (last.more());

            List<EndedSession> expected =
                    site.log.stream()
                            .filter(Entry.Ended.class::isInstance)
                            .map(e -> (Entry.Ended) e)
                            .map(e ->
                                    new EndedSession(
                                            e.kind(), e.beganMillis(), e.millis(), e.how()))
                            .toList();
            assertThat(told.values())
                    .as("seed %d", seed)
                    .containsExactlyInAnyOrderElementsOf(expected);
            assertThat(spool.state().store()).isEqualTo(name);
            assertThat(spool.state().open()).hasSameSizeAs(site.open);
            assertThat(spool.state().missed()).isZero();
        }
    }

    @Test
    void sessionsThatAreOpenWhenTheSiteIsAnotherAreLost() throws IOException {
        Spool spool = open();
        Site site = new Site(new SplittableRandom(4));
        site.log.addAll(List.of(began(1), began(2), ended(1)));
        read(spool, site.answer(spool.state()));
        site.restart();
        site.log.add(began(3));

        read(spool, site.answer(spool.state()));

        assertThat(spool.state().records().values())
                .containsExactly(
                        new EndedSession("customer", 10, 15, "client"),
                        new EndedSession("customer", 20, 999, EndedSession.LOST));
        assertThat(spool.state().open()).containsOnlyKeys(3L);
        assertThat(open().state()).isEqualTo(spool.state());
    }

    @Test
    void whatTheSiteHasForgottenIsCountedAsMissed() throws IOException {
        Spool spool = open();
        read(spool, new SessionLog("1", 1, false, List.of(began(1))));

        read(spool, new SessionLog("1", 12, false, List.of(ended(9))));

        assertThat(spool.state().missed()).isEqualTo(10);
        assertThat(spool.state().records()).hasSize(1);
    }

    @Test
    void beyondItsBoundTheOldestAreDroppedAndCounted() {
        SpoolState state = SpoolState.named("s");
        long session = 0;
        for (int answer = 0; answer < 205; answer++) {
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                entries.add(ended(++session));
            }
            state = state.apply(new SpoolFact.Read("1", session + 1, 0, entries));
        }

        assertThat(state.records()).hasSize(SpoolState.MAX_RECORDS);
        assertThat(state.dropped()).isEqualTo(500);
        assertThat(state.oldest()).isEqualTo(501).isEqualTo(state.records().firstKey());
        assertThat(state.nextSequence()).isEqualTo(20_501);
        assertThat(state.records().get(501L))
                .isEqualTo(new EndedSession("customer", 5_010, 5_015, "client"));
    }

    @Test
    void aFullDiskLeavesTheSpoolAsItWasAndTheSiteIsAskedAgain() throws IOException {
        Spool spool = open();
        SpoolState before = spool.state();
        storage.full(true);
        SessionLog log = new SessionLog("1", 1, false, List.of(began(1), ended(1)));

        assertThatThrownBy(() -> read(spool, log)).hasMessageContaining("No space left");
        assertThat(spool.state()).isEqualTo(before);

        storage.full(false);
        read(spool, log);
        assertThat(spool.state().records()).hasSize(1);
    }

    @Test
    void aDamagedSpoolIsPutAsideAndTheNewOneHasAnotherName() throws IOException {
        Spool spool = open();
        read(spool, new SessionLog("1", 1, false, List.of(began(1), ended(1))));
        byte[] bytes = storage.read();
        bytes[20] ^= 1;
        storage.replace(bytes);
        List<String> aside = new ArrayList<>();

        Spool next = Spool.open(storage, () -> aside.add("moved"), new SplittableRandom(2));

        assertThat(aside).containsExactly("moved");
        assertThat(next.state().store()).isNotEqualTo(spool.state().store()).hasSize(32);
        assertThat(next.state().oldest()).isEqualTo(1);
        assertThat(new String(storage.read(), StandardCharsets.UTF_8))
                .contains(next.state().store());
    }

    @Test
    void manyFactsAreCompactedAndMeanTheSame() throws IOException {
        Spool spool = open();
        List<Entry> entries = new ArrayList<>();
        for (long session = 1; session <= 20_000; session++) {
            entries.add(ended(session));
        }
        for (int i = 0; i < 8; i++) {
            read(spool, new SessionLog("r" + i, 1, false, entries));
            spool.append(List.of(new SpoolFact.Released(spool.state().nextSequence() - 10)));
        }

        assertThat(storage.read().length).isLessThan(5 << 20);
        assertThat(open().state()).isEqualTo(spool.state());
        assertThat(spool.state().nextSequence()).isEqualTo(160_001);
    }
}
