package dev.sluice.control.peer;

import static dev.sluice.control.peer.ReplicatedPair.A;
import static dev.sluice.control.peer.ReplicatedPair.B;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.NioDisk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.FollowRequest;
import dev.sluice.v1.FollowResponse;
import dev.sluice.v1.FollowerAck;
import dev.sluice.v1.FollowerPosition;
import dev.sluice.v1.ReplicationServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class ReplicationTest {

    private ReplicatedPair pair;

    @BeforeEach
    void make(@TempDir Path directory) throws Exception {
        pair = new ReplicatedPair(directory);
    }

    @AfterEach
    void close() {
        pair.close();
    }

    private ReplicatedPair.Running backupOf(ReplicatedPair.Running a) throws Exception {
        ReplicatedPair.Running b = pair.start(B);
        pair.await("B has everything", () -> isInSync(a, b));
        return b;
    }

    private static boolean isInSync(ReplicatedPair.Running a, ReplicatedPair.Running b) {
        return a.controller.isInOffice()
                && b.has(a)
                && a.peer().following()
                && a.peer().durableIndex() == a.controller.state().index();
    }

    @Test
    void anEmptyBackupCatchesUpAndFollowsLive() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        for (int i = 0; i < 200; i++) {
            a.set("site.key" + i, "v".repeat(1000));
        }

        ReplicatedPair.Running b = backupOf(a);
        a.set("site.live", "1");
        pair.await("B follows live", () -> isInSync(a, b));

        assertThat(b.controller.state().configuration().settings()).containsEntry("site.live", "1");
        assertThat(a.peer().lastSync()).isPresent();
        assertThat(a.peer().controlPlaneVersion()).isEqualTo("1.0.0");
        pair.await("B knows A", () -> b.peer().controlPlaneVersion().equals("1.0.0"));
        long last = a.controller.state().index();
        assertThat(b.controller.positionAt(last)).isEqualTo(a.controller.positionAt(last));
    }

    @Test
    @Tag("CLU-15")
    void aBackupThatWasAwayGoesOnWhereItWas() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        var _ = backupOf(a);
        pair.stop(B);
        pair.await("A knows that B is gone", () -> !a.peer().following());
        assertThat(a.peer().controlPlaneVersion()).isEmpty();
        long before = a.controller.state().index();
        a.set("site.meanwhile", "1");

        ReplicatedPair.Running again = pair.start(B);
        assertThat(again.controller.state().index()).isEqualTo(before);
        pair.await("B has what it missed", () -> isInSync(a, again));

        assertThat(again.controller.state().configuration().settings())
                .containsEntry("site.meanwhile", "1");
    }

    @Test
    @Tag("CLU-15")
    @Tag("REL-1")
    void aPrimaryThatRestartsIsFollowedUnderItsNewBallotAndItsBackupTakesNoOffice()
            throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        ReplicatedPair.Running b = backupOf(a);
        Ballot first = a.controller.ballot();
        pair.await("B knows A", () -> !b.peer().controlPlaneVersion().isEmpty());

        pair.stop(A);
        pair.await("B knows that A is gone", () -> b.peer().controlPlaneVersion().isEmpty());
        assertThat(b.controller.isInOffice()).isFalse();

        ReplicatedPair.Running again = pair.startPrimary();
        pair.await("B follows again", () -> isInSync(again, b));
        assertThat(first).isNotNull();
        assertThat(again.controller.ballot()).isGreaterThan(first);
        assertThat(b.controller.state().office()).isEqualTo(again.controller.state().office());
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void aPlannedHandoverMovesTheOfficeAndTheOldPrimaryFollowsTheNewOne() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        ReplicatedPair.Running b = backupOf(a);

        assertThat(a.decide(new Command.DecideHandover(B))).isInstanceOf(Decision.Accepted.class);
        assertThat(a.decide(new Command.DecideHandover(B)))
                .isInstanceOfSatisfying(
                        Decision.Rejected.class,
                        r -> assertThat(r.refusal().toString()).contains("ask master m-b"));
        pair.await("B is in office", b.controller::isInOffice);
        b.set("site.after", "1");
        pair.await("A follows B", () -> isInSync(b, a));

        assertThat(a.controller.isInOffice()).isFalse();
        assertThat(a.controller.state().configuration().settings())
                .containsEntry("site.after", "1");
        pair.await("A knows B only as its primary", () -> !a.peer().following());
        assertThat(a.peer().controlPlaneVersion()).isEqualTo("1.0.0");

        b.decide(new Command.DecideHandover(A));
        pair.await("A is in office again", () -> isInSync(a, b));
    }

    @Test
    @Tag("CLU-7")
    @Tag("CLU-15")
    @Tag("REL-1")
    void aHandoverThatWasDurableButNotShippedHappensWhenTheOldPrimaryIsBack() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        var _ = backupOf(a);
        pair.stop(B);
        assertThat(a.decide(new Command.DecideHandover(B))).isInstanceOf(Decision.Accepted.class);
        pair.stop(A);

        ReplicatedPair.Running b = pair.start(B);
        ReplicatedPair.Running returned = pair.start(A);
        pair.await("B is in office", b.controller::isInOffice);
        pair.await("A follows B", () -> isInSync(b, returned));

        assertThat(returned.controller.isInOffice()).isFalse();
        assertThat(returned.controller.state().office()).isEqualTo(b.controller.state().office());
    }

    @Test
    @Tag("REL-3")
    void aJournalWithAnotherHistoryIsRefusedAndNothingIsTaken() throws Exception {
        try (DurableState stray =
                DurableState.recover(
                        B,
                        99,
                        NioDisk.in(pair.journal(B)),
                        JournalOptions.defaults().withPreallocateBytes(0),
                        () -> Instant.EPOCH)) {
            var _ =
                    stray.append(
                            List.of(
                                    new Command.TakeOffice(
                                            new Ballot(0, 1, A, 99), "1.0.0", "another cluster")));
        }
        ReplicatedPair.Running a = pair.startPrimary();
        ReplicatedPair.Running b = pair.start(B);
        ClusterState before = b.controller.state();

        Answers answers = follow(A, PeerName.master("m-b"), position("m-b", 1, new byte[32]));

        FollowResponse refusal = answers.next();
        assertThat(refusal.getRefused().getReason().name()).isEqualTo("REASON_DIVERGED");
        assertThat(refusal.getRefused().getDetail()).contains("entry 1 has chain hash");
        a.set("site.a", "1");
        assertThat(a.peer().following()).isFalse();
        assertThat(b.controller.state()).isEqualTo(before);
    }

    @Test
    @Tag("REL-3")
    void aBackupWithMoreEntriesThanThePrimaryIsRefused() throws Exception {
        pair.startPrimary();

        Answers answers = follow(A, PeerName.master("m-b"), position("m-b", 1000, new byte[32]));

        assertThat(answers.next().getRefused().getDetail())
                .contains("the follower has 1000 entries");
    }

    @Test
    @Tag("REL-3")
    void onlyABackupUnderItsOwnNameMayFollow() throws Exception {
        pair.startPrimary();
        FollowRequest asB = position("m-b", 0, ChainHash.GENESIS.toBytes());

        assertThat(follow(A, PeerName.node("m-b"), asB).end().getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(follow(A, PeerName.master("m-x"), asB).end().getDescription())
                .contains("found \"m-b\" with the certificate of");
        assertThat(
                        follow(
                                        A,
                                        PeerName.master("m-x"),
                                        position("m-x", 0, ChainHash.GENESIS.toBytes()))
                                .end()
                                .getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(
                        follow(A, PeerName.master("m-b"), FollowRequest.getDefaultInstance())
                                .end()
                                .getDescription())
                .contains("found neither");
        assertThat(
                        follow(A, PeerName.master("m-b"), position("m-b", 0, new byte[5]))
                                .end()
                                .getDescription())
                .contains("expected 32 bytes, found 5");
    }

    @Test
    @Tag("REL-4")
    void duplicateAndLateAcknowledgementsAreTakenAndOneOfNothingEndsTheStream() throws Exception {
        ReplicatedPair.Running a = pair.startPrimary();
        a.set("site.a", "1");
        long last = a.controller.state().index();
        Answers answers =
                follow(A, PeerName.master("m-b"), position("m-b", 0, ChainHash.GENESIS.toBytes()));
        pair.await("everything was sent", () -> answers.sentUpTo() == last);

        answers.requests.onNext(ack(last));
        pair.await("acknowledged", () -> a.peer().durableIndex() == last);
        answers.requests.onNext(ack(last));
        answers.requests.onNext(ack(1));
        a.set("site.b", "1");
        pair.await("it goes on", () -> answers.sentUpTo() == last + 1);
        answers.requests.onNext(ack(last + 1));
        pair.await("it goes on", () -> a.peer().durableIndex() == last + 1);
        answers.requests.onNext(ack(1000));

        assertThat(answers.end().getDescription())
                .contains("acknowledged 1000, but only %d was sent".formatted(last + 1));
        pair.await("A drops it", () -> !a.peer().following());
        assertThat(a.peer().durableIndex()).isEqualTo(last + 1);
    }

    private static FollowRequest ack(long index) {
        return FollowRequest.newBuilder().setAck(FollowerAck.newBuilder().setIndex(index)).build();
    }

    private static FollowRequest position(String master, long index, byte[] hash) {
        return FollowRequest.newBuilder()
                .setPosition(
                        FollowerPosition.newBuilder()
                                .setMasterId(master)
                                .setControlPlaneVersion("1.0.0")
                                .setLastIndex(index)
                                .setLastHash(ByteString.copyFrom(hash)))
                .build();
    }

    private Answers follow(NodeId to, PeerName as, FollowRequest first) throws Exception {
        Answers answers = new Answers(pair.channel(as, to));
        answers.requests.onNext(first);
        return answers;
    }

    /** What a master answers to a follower that the test plays. */
    private final class Answers implements StreamObserver<FollowResponse> {
        private final ManagedChannel channel;
        private final CopyOnWriteArrayList<FollowResponse> received = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Status> ended = new CompletableFuture<>();
        private final StreamObserver<FollowRequest> requests;

        Answers(ManagedChannel channel) {
            this.channel = channel;
            this.requests = ReplicationServiceGrpc.newStub(channel).follow(this);
        }

        FollowResponse next() {
            pair.await("an answer", () -> !received.isEmpty() || ended.isDone());
            channel.shutdownNow();
            return received.getFirst();
        }

        Status end() throws Exception {
            Status status = ended.get(30, TimeUnit.SECONDS);
            channel.shutdownNow();
            return status;
        }

        long sentUpTo() {
            return received.stream()
                    .filter(FollowResponse::hasEntries)
                    .mapToLong(r ->
                            r.getEntries().getFirstIndex() + r.getEntries().getPayloadsCount() - 1)
                    .max()
                    .orElse(0);
        }

        @Override
        public void onNext(FollowResponse response) {
            received.add(response);
        }

        @Override
        public void onError(Throwable failure) {
            ended.complete(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            ended.complete(Status.OK);
        }
    }
}
