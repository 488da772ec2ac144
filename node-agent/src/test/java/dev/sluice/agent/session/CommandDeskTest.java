package dev.sluice.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.hardware.FakeSharedAddress;
import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.MemoryLedgerStorage;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.v1.Fence;
import dev.sluice.v1.LeaseRenewal;
import dev.sluice.v1.PreVote;
import dev.sluice.v1.Prepare;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.WitnessReply;
import dev.sluice.v1.WitnessRequest;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The desk on a disk that fails, with an address that tells. */
final class CommandDeskTest {

    private static final int PATIENCE_SECONDS = 20;
    private static final Ballot A3 = new Ballot(1, 3, "m-a", 9);
    private static final Ballot B4 = new Ballot(1, 4, "m-b", 1);

    private final MemoryLedgerStorage disk = new MemoryLedgerStorage();
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final BlockingQueue<SessionRequest> sent = new LinkedBlockingQueue<>();
    private final AtomicLong nanos = new AtomicLong();
    private Ledger ledger = unset();
    private CommandDesk desk = unset();

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // Set before each test.
    private static <T> T unset() {
        return null;
    }

    @BeforeEach
    void open() throws IOException {
        ledger = Ledger.open(disk, "eu-1");
        FakeSharedAddress address =
                new FakeSharedAddress(happened -> events.add(happened + " obeying " + obeyed()));
        desk =
                new CommandDesk(
                        ledger,
                        (_, message) -> {
                            sent.add(message.build());
                            events.add("sent " + message.getMessageCase());
                        },
                        _ -> new Outcome.Done(),
                        Optional.of(address),
                        nanos::get,
                        () -> {},
                        _ -> new PromotionProofs.Finding.Unproven("nothing is signed here"));
        desk.start();
    }

    @AfterEach
    void close() {
        desk.close();
        ledger.close();
    }

    private void reopen() throws IOException {
        close();
        open();
    }

    private String obeyed() {
        return ledger.state().highestBallot().map(Ballot::master).orElse("nobody");
    }

    private void ask(long id, WitnessRequest.Builder request) throws InterruptedException {
        desk.receive(
                "m-a",
                SessionResponse.newBuilder().setWitness(request.setRequestId(id)).build(),
                () -> {});
    }

    private WitnessReply reply() throws InterruptedException {
        SessionRequest next = sent.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next == null ? WitnessReply.getDefaultInstance() : next.getWitness();
    }

    private static WitnessRequest.Builder prepare(Ballot ballot) {
        return WitnessRequest.newBuilder()
                .setPrepare(Prepare.newBuilder().setBallot(Ballots.toWire(ballot)));
    }

    private static WitnessRequest.Builder preVote(Ballot ballot) {
        return WitnessRequest.newBuilder()
                .setPreVote(PreVote.newBuilder().setBallot(Ballots.toWire(ballot)));
    }

    @Test
    @Tag("REL-1")
    void aPromiseIsAnsweredWithTheLedgersNameAfterItWasWritten() throws Exception {
        ask(7, prepare(A3));

        WitnessReply reply = reply();
        assertThat(reply.getRequestId()).isEqualTo(7);
        assertThat(reply.getGranted()).isTrue();
        assertThat(reply.getStoreId()).isEqualTo(ledger.state().storeId()).hasSize(32);
        assertThat(reply.getPromised()).isEqualTo(Ballots.toWire(A3));
        assertThat(disk.written()).isEqualTo(1);
        reopen();
        assertThat(ledger.state().promisedBallot()).contains(A3);
    }

    @Test
    @Tag("REL-1")
    @Tag("REL-4")
    void aPromiseThatCannotBeWrittenIsNotAnsweredAndNotRemembered() throws Exception {
        disk.full(true);
        ask(1, prepare(A3));
        ask(2, preVote(A3));

        WitnessReply first = reply();
        assertThat(first.getRequestId()).isEqualTo(2);
        assertThat(first.getGranted()).isTrue();
        assertThat(first.hasPromised()).isFalse();
        disk.full(false);
        ask(3, prepare(A3));
        assertThat(reply().getPromised()).isEqualTo(Ballots.toWire(A3));
    }

    /** 10,000 bytes: the whole record is on the disk, and the disk said that it failed. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 9, 30, 70, 10_000})
    @Tag("REL-1")
    @Tag("REL-4")
    void aCrashWhileAPromiseIsWrittenLeavesNoAnswerBehind(int bytes) throws Exception {
        disk.tearNextAppendAfter(bytes);
        ask(1, prepare(A3));
        ask(2, preVote(A3));
        assertThat(reply().getRequestId()).isEqualTo(2);
        assertThat(sent).isEmpty();
        String store = ledger.state().storeId();

        reopen();

        assertThat(ledger.state().storeId()).isEqualTo(store);
        assertThat(ledger.state().promisedBallot().isPresent()).isEqualTo(bytes == 10_000);
    }

    @Test
    @Tag("REL-1")
    void theAddressIsReleasedAfterAnothersBallotIsDurableAndBeforeItsFenceIsConfirmed()
            throws Exception {
        ledger.append(new LedgerRecord.BallotRaised(A3));

        fence(B4);

        assertThat(event()).isEqualTo("released obeying m-b");
        assertThat(event()).isEqualTo("sent FENCED");
    }

    @Test
    @Tag("REL-1")
    void aLeaseOfAnotherMasterDoesNotKeepWhatTheFirstOneHeld() throws Exception {
        ledger.append(new LedgerRecord.BallotRaised(A3));

        desk.receive(
                "m-b",
                SessionResponse.newBuilder()
                        .setLease(
                                LeaseRenewal.newBuilder()
                                        .setBallot(Ballots.toWire(B4))
                                        .setLeaseMillis(1000))
                        .build(),
                () -> {});

        assertThat(event()).isEqualTo("released obeying m-b");
        assertThat(event()).isEqualTo("renewed obeying m-b");
    }

    @Test
    void aHigherBallotOfTheSameMasterOrTheFirstOneReleasesNothing() throws Exception {
        fence(A3);
        assertThat(event()).isEqualTo("sent FENCED");
        fence(new Ballot(1, 5, "m-a", 10));
        assertThat(event()).isEqualTo("sent FENCED");
        fence(new Ballot(1, 5, "m-a", 10));
        assertThat(event()).isEqualTo("sent FENCED");
    }

    @Test
    @Tag("REL-4")
    void aBallotThatCannotBeWrittenReleasesNothingAndIsNotConfirmed() throws Exception {
        ledger.append(new LedgerRecord.BallotRaised(A3));
        disk.full(true);
        fence(B4);
        fence(A3);

        assertThat(event()).isEqualTo("sent FENCED");
        assertThat(obeyed()).isEqualTo("m-a");
    }

    @Test
    @Tag("REL-1")
    void aPromiseToAnotherMasterLeavesTheAddressWhereItIs() throws Exception {
        ledger.append(new LedgerRecord.BallotRaised(new Ballot(1, 2, "m-b", 1)));

        ask(1, prepare(A3));

        assertThat(event()).isEqualTo("sent WITNESS");
        assertThat(obeyed()).isEqualTo("m-b");
    }

    private void fence(Ballot ballot) throws InterruptedException {
        desk.receive(
                ballot.master(),
                SessionResponse.newBuilder()
                        .setFence(Fence.newBuilder().setBallot(Ballots.toWire(ballot)))
                        .build(),
                () -> {});
    }

    private String event() throws InterruptedException {
        return String.valueOf(events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }
}
