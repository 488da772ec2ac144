package dev.sluice.control.peer;

import static dev.sluice.control.peer.ReplicatedPair.A;
import static dev.sluice.control.peer.ReplicatedPair.B;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.controller.DurableState;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.trust.pki.PeerName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an answer means while there are replicas in sync. */
@Timeout(120)
final class SynchronousReplicationTest {

    @TempDir private Path directory;
    private ReplicatedPair pair;

    @BeforeEach
    void make() throws Exception {
        pair = new ReplicatedPair(directory.resolve("pair"));
    }

    @AfterEach
    void close() {
        pair.close();
    }

    private ReplicatedPair.Running primary() throws Exception {
        ReplicatedPair.Running a = pair.start(A);
        pair.await("A is in office", () -> a.controller.state().topology() != null);
        return a;
    }

    private static Command setting(String key) {
        return new Command.ChangeSetting(key, Optional.of("1"), false, new Actor("alice"));
    }

    private static SortedSet<Replica> set(Replica... members) {
        return new TreeSet<>(List.of(members));
    }

    /** What a master would find on its disk if it died now. */
    private long durableNow(Path journal, String copy) throws IOException {
        Path to = Files.createDirectory(directory.resolve(copy));
        try (Stream<Path> files = Files.list(journal)) {
            for (Path file : files.filter(f -> !f.toString().endsWith(".lock")).toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
        try (DurableState found =
                DurableState.recover(
                        B,
                        99,
                        NioDisk.in(to),
                        JournalOptions.defaults().withPreallocateBytes(0),
                        InstantSource.system())) {
            return found.state().index();
        }
    }

    @Test
    @Tag("REL-2")
    void anAnswerMeansThatTheBackupInSyncHasItOnItsDisk() throws Exception {
        ReplicatedPair.Running a = primary();
        ReplicatedPair.Running b = pair.start(B);
        pair.await(
                "B is in sync",
                () ->
                        a.inSync
                                .wanted()
                                .equals(set(a.controller.replica(), b.controller.replica())));

        for (int i = 0; i < 20; i++) {
            a.set("site.key" + i, "v");
            long answered = a.controller.state().index();
            assertThat(durableNow(pair.journal(B), "copy" + i)).isGreaterThanOrEqualTo(answered);
        }
        long answered = a.controller.state().index();
        pair.stop(A);

        assertThat(durableNow(pair.journal(B), "after")).isGreaterThanOrEqualTo(answered);
        assertThat(b.controller.state().configuration().settings()).hasSize(20);
    }

    @Test
    @Tag("REL-2")
    void whileAFollowerInSyncIsSilentNothingCommitsUntilASetWithoutItIsWritten() throws Exception {
        ReplicatedPair.Running a = primary();
        Replica self = a.controller.replica();
        Replica other = new Replica(B, new StoreId("raw"));
        try (RawFollower follower =
                new RawFollower(
                        pair.channel(PeerName.master("m-b"), A), other, JournalPosition.GENESIS)) {
            pair.await("B is in sync", () -> a.inSync.wanted().equals(set(self, other)));
            a.writesWanted = false;
            // A starved machine may have left B out for a moment before nothing was written any
            // more.
            SortedSet<Replica> both = set(self, other);
            pair.await("the set with B is written", () -> a.inSync.registers(both, both));
            a.set("site.a", "1");
            follower.fallSilent();
            long before = a.controller.state().index();

            CompletableFuture<Decision> answer = a.controller.submit(setting("site.b"));
            pair.await("B is left out", () -> a.inSync.wanted().equals(set(self)));
            assertThat(answer).isNotDone();
            assertThat(a.controller.state().index()).isEqualTo(before);
            assertThat(a.inSync.waitsFor(before + 1)).contains("master m-b, which has entry");

            assertThat(a.inSync.registers(set(self, other), set(self))).isTrue();
            assertThat(answer).isNotDone();
            assertThat(a.inSync.registers(set(self), set(self))).isTrue();
            assertThat(answer.get(30, TimeUnit.SECONDS)).isInstanceOf(Decision.Accepted.class);

            follower.acknowledgeAgain();
            pair.await("B is wanted again", () -> a.inSync.wanted().equals(set(self, other)));
        }
    }

    @Test
    @Tag("REL-2")
    void aBackupThatIsGoneIsLeftOutAndTakenInAgainWhenItHasEverything() throws Exception {
        ReplicatedPair.Running a = primary();
        ReplicatedPair.Running b = pair.start(B);
        SortedSet<Replica> both = set(a.controller.replica(), b.controller.replica());
        pair.await("B is in sync", () -> a.inSync.wanted().equals(both));

        pair.stop(B);
        a.set("site.alone", "1");
        assertThat(a.inSync.wanted()).isEqualTo(set(a.controller.replica()));

        ReplicatedPair.Running again = pair.start(B);
        assertThat(again.controller.replica()).isEqualTo(b.controller.replica());
        pair.await("B is in sync again", () -> a.inSync.wanted().equals(both));
        a.set("site.together", "1");
        assertThat(again.controller.durablePosition().index())
                .isGreaterThanOrEqualTo(a.controller.state().index());
    }

    @Test
    @Tag("REL-4")
    void aBackupWhoseWriterHangsIsLeftOutThoughItsConnectionLives() throws Exception {
        ReplicatedPair.Running a = primary();
        ReplicatedPair.Running b = pair.start(B);
        SortedSet<Replica> both = set(a.controller.replica(), b.controller.replica());
        pair.await("B is in sync", () -> a.inSync.wanted().equals(both));
        CountDownLatch hang = new CountDownLatch(1);
        CompletableFuture<Boolean> hung =
                b.controller.maintain(_ -> {
                    try {
                        hang.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });

        a.set("site.alone", "1");
        assertThat(a.inSync.wanted()).isEqualTo(set(a.controller.replica()));
        assertThat(a.peer().following()).isTrue();

        hang.countDown();
        assertThat(hung.get(30, TimeUnit.SECONDS)).isTrue();
        pair.await("B is in sync again", () -> a.inSync.wanted().equals(both));
    }

    @Test
    void whatIsLargerThanMemoryKeepsGoesThroughTheJournal() throws Exception {
        ReplicatedPair.Running a = primary();
        ReplicatedPair.Running b = pair.start(B);
        pair.await("B is in sync", () -> a.inSync.wanted().size() == 2);

        Ballot next = Objects.requireNonNull(a.controller.ballot());
        assertThat(
                        a.decide(
                                new Command.TakeOffice(
                                        next.next(A, next.incarnation()),
                                        "1.0.0",
                                        "v".repeat(2 << 20))))
                .isInstanceOf(Decision.Accepted.class);

        assertThat(b.controller.durablePosition()).isEqualTo(a.controller.durablePosition());
    }
}
