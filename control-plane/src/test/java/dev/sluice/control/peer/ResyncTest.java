package dev.sluice.control.peer;

import static dev.sluice.control.peer.ReplicatedPair.A;
import static dev.sluice.control.peer.ReplicatedPair.B;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.IncomingSnapshot;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.journal.StoredSnapshot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.FetchSnapshotRequest;
import dev.sluice.v1.GetPositionRequest;
import dev.sluice.v1.ReplicationServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Backups whose journals part from the primary's, or end before it begins. */
@Timeout(120)
final class ResyncTest {

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

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
        }
    }

    private static void setMany(ReplicatedPair.Running master, int count, String value)
            throws Exception {
        List<CompletableFuture<?>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            answers.add(
                    master.controller.submit(
                            new Command.ChangeSetting(
                                    "site.key" + i,
                                    Optional.of(value),
                                    false,
                                    new Actor("alice"))));
        }
        for (var answer : answers) {
            var _ = answer.get(30, TimeUnit.SECONDS);
        }
    }

    /** Makes A's journal begin later than B's ends. */
    private static void compact(ReplicatedPair.Running a) throws Exception {
        assertThat(
                        a.controller
                                .maintain(durable -> {
                                    durable.snapshot();
                                    durable.compact(Long.MAX_VALUE);
                                })
                                .get())
                .isTrue();
        assertThat(a.controller.firstIndex()).isGreaterThan(100);
    }

    @Test
    @Tag("PAIR-4")
    @Tag("REL-2")
    void aTailThatThePrimaryDoesNotHaveIsArchivedAndNeverComesBack() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        ReplicatedPair.Running b = pair.start(B);
        pair.awaitSame(a, b);
        Replica store = b.controller.replica();
        pair.stop(B);
        pair.stop(A);
        pair.addLostEntryToB();

        ReplicatedPair.Running again = pair.startPrimary();
        ReplicatedPair.Running returned = pair.start(B);
        assertThat(returned.controller.state().configuration().settings()).containsKey("site.lost");
        pair.awaitSame(again, returned);

        assertThat(returned.controller.state().configuration().settings())
                .doesNotContainKey("site.lost");
        assertThat(returned.controller.replica()).isEqualTo(store);
        assertThat(names(pair.directory(B, "archive")))
                .singleElement()
                .asString()
                .startsWith("tail-");
        again.set("site.after", "1");
        pair.stop(B);
        ReplicatedPair.Running last = pair.start(B);
        pair.awaitSame(again, last);
    }

    @Test
    @Tag("PAIR-4")
    void anEmptiedBackupGetsASnapshotAndWhatCameAfterIt() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        setMany(a, 200, "v".repeat(100));
        compact(a);
        a.set("site.after", "1");

        ReplicatedPair.Running b = pair.start(B);
        pair.awaitSame(a, b);

        assertThat(b.controller.firstIndex()).isGreaterThan(100);
        assertThat(names(pair.directory(B, "resync"))).isEmpty();
        assertThat(b.peers.resyncs()).isEmpty();
        a.set("site.live", "1");
        pair.awaitSame(a, b);
        pair.stop(B);
        ReplicatedPair.Running again = pair.start(B);
        pair.awaitSame(a, again);
    }

    @Test
    @Tag("PAIR-4")
    @Tag("REL-2")
    void aBackupThatWasAwayTooLongGivesItsJournalUpAndHasAnotherName() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        ReplicatedPair.Running b = pair.start(B);
        pair.awaitSame(a, b);
        Replica before = b.controller.replica();
        pair.stop(B);
        setMany(a, 200, "v".repeat(100));
        compact(a);

        ReplicatedPair.Running again = pair.start(B);
        pair.awaitSame(a, again);

        Replica now = again.controller.replica();
        assertThat(now.store()).isNotEqualTo(before.store());
        assertThat(again.replaced).containsExactly(now);
        assertThat(a.inSync.wanted()).doesNotContain(before);
        assertThat(names(pair.directory(B, "archive")))
                .isNotEmpty()
                .allMatch(name -> name.startsWith("replaced-" + before.store() + "-"));
    }

    @Test
    @Tag("PAIR-4")
    void aTransferThatWasInterruptedGoesOnWhereItWas() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        setMany(a, 1000, "v".repeat(1000));
        compact(a);
        IncomingSnapshot incoming = new IncomingSnapshot(NioDisk.in(pair.directory(B, "resync")));
        int half = 600_000;
        try (StoredSnapshot snapshot = a.controller.openSnapshot().orElseThrow()) {
            incoming.begin(
                    new IncomingSnapshot.Offer(
                            snapshot.position(),
                            snapshot.size(),
                            HexFormat.of().formatHex(snapshot.sha256())));
            incoming.add(snapshot.read(0, half));
            assertThat(snapshot.size()).isGreaterThan(half);
        }

        pair.awaitSame(a, pair.start(B));

        assertThat(pair.fetches)
                .singleElement()
                .satisfies(request -> {
                    assertThat(request.getOffset()).isEqualTo(half);
                    assertThat(request.getIndex()).isPositive();
                });
    }

    @Test
    @Tag("PAIR-4")
    @Tag("REL-3")
    void aDamagedOrOutdatedTransferIsDroppedAndBegunAnew() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        setMany(a, 200, "v".repeat(100));
        compact(a);
        IncomingSnapshot incoming = new IncomingSnapshot(NioDisk.in(pair.directory(B, "resync")));
        try (StoredSnapshot snapshot = a.controller.openSnapshot().orElseThrow()) {
            incoming.begin(
                    new IncomingSnapshot.Offer(
                            snapshot.position(),
                            snapshot.size(),
                            HexFormat.of().formatHex(snapshot.sha256())));
            incoming.add(new byte[(int) snapshot.size()]);
        }
        ReplicatedPair.Running b = pair.start(B);
        pair.awaitSame(a, b);
        pair.stop(B);
        for (String name : names(pair.journal(B))) {
            Files.delete(pair.journal(B).resolve(name));
        }
        incoming.begin(
                new IncomingSnapshot.Offer(
                        new JournalPosition(7, a.controller.durablePosition().chainHash()),
                        100,
                        "00"));

        pair.awaitSame(a, pair.start(B));

        assertThat(pair.fetches.stream().map(FetchSnapshotRequest::getIndex))
                .containsExactly(0L, 7L, 0L);
    }

    @Test
    @Tag("PAIR-4")
    void anOperatorHasTheJournalsComparedAnew() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        ReplicatedPair.Running b = pair.start(B);
        pair.awaitSame(a, b);

        assertThat(a.follower.resync()).hasValue("master m-a does not follow another one");
        assertThat(b.follower.resync()).isEmpty();

        pair.await("B follows again", () -> b.heard.get() >= 2);
        pair.awaitSame(a, b);
    }

    @Test
    @Tag("REL-3")
    void onlyABackupOfAPrimaryIsToldPositionsAndGivenSnapshots() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        pair.awaitSame(a, pair.start(B));

        assertThat(failure(A, PeerName.node("m-b"))).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(failure(A, PeerName.master("m-x"))).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(failure(B, PeerName.master("m-a"))).isEqualTo(Status.Code.FAILED_PRECONDITION);
        ManagedChannel channel = pair.channel(PeerName.master("m-b"), A);
        try {
            var stub = ReplicationServiceGrpc.newBlockingStub(channel);
            assertThat(
                            stub.getPosition(GetPositionRequest.newBuilder().setIndex(99).build())
                                    .getHash()
                                    .isEmpty())
                    .isTrue();
            assertThatThrownBy(() ->
                            stub.fetchSnapshot(
                                            FetchSnapshotRequest.newBuilder()
                                                    .setOffset(1 << 30)
                                                    .build())
                                    .next())
                    .hasMessageContaining("OUT_OF_RANGE");
            assertThatThrownBy(() ->
                            stub.fetchSnapshot(
                                            FetchSnapshotRequest.newBuilder().setIndex(1).build())
                                    .next())
                    .hasMessageContaining("the one at entry 1 is gone");
        } finally {
            channel.shutdownNow();
        }
    }

    private Status.Code failure(NodeId to, PeerName as) throws Exception {
        ManagedChannel channel = pair.channel(as, to);
        try {
            var _ =
                    ReplicationServiceGrpc.newBlockingStub(channel)
                            .getPosition(GetPositionRequest.getDefaultInstance());
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        } finally {
            channel.shutdownNow();
        }
    }
}
