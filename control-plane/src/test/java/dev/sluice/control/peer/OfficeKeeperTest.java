package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.controller.Founding;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Timings;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessLink;
import dev.sluice.control.failover.WitnessReply;
import dev.sluice.control.failover.WitnessRequest;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.MemoryDisk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.ForcedPromotion;
import dev.sluice.control.state.SignedPromotion;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A master's keeper with witnesses that answer at once, its journal and its memory in memory. */
@Timeout(30)
final class OfficeKeeperTest {

    private static final NodeId SELF = new NodeId("m-a");
    private static final InstantSource CLOCK =
            InstantSource.fixed(Instant.parse("2026-11-27T02:00:00Z"));
    private static final SignedPromotion SIGNED =
            new SignedPromotion(
                    Blob.of(new byte[] {1}),
                    Blob.of(new byte[] {2}),
                    List.of(Blob.of(new byte[1])));

    private final AtomicLong nanos = new AtomicLong(1);
    private final MemoryDisk journal = new MemoryDisk();
    private final MemoryDisk memory = new MemoryDisk();
    private final Witnesses witnesses = new Witnesses();
    private final List<Ballot> superseded = new ArrayList<>();
    private final CountDownLatch failed = new CountDownLatch(1);
    private DurableState durable;
    private Controller controller;
    private OfficeKeeper keeper;

    OfficeKeeperTest() throws IOException {
        durable = recover(1);
        controller = controller(new InSync(nanos::get));
        keeper = keeper(1, new InSync(nanos::get));
        begin(1);
    }

    private DurableState recover(long incarnation) throws IOException {
        return DurableState.recover(
                SELF,
                incarnation,
                journal,
                JournalOptions.defaults().withPreallocateBytes(0).withSegmentBytes(1 << 20),
                CLOCK);
    }

    /** Begins a process of the master, on what the ones before left. */
    private void begin(long incarnation) throws IOException {
        durable.close();
        durable = recover(incarnation);
        InSync inSync = new InSync(nanos::get);
        controller = controller(inSync);
        keeper = keeper(incarnation, inSync);
        witnesses.listener = keeper;
    }

    private Controller controller(InSync inSync) {
        return Controller.stepped(durable, inSync, nanos::get, () -> {});
    }

    private OfficeKeeper keeper(long incarnation, InSync inSync) throws IOException {
        return new OfficeKeeper(
                new OfficeKeeper.Ports(
                        controller.replica(),
                        incarnation,
                        "1.0.0",
                        Optional.of(founding()),
                        Timings.DEFAULT,
                        controller,
                        witnesses,
                        inSync,
                        new MemoryFile(memory),
                        CLOCK,
                        nanos::get,
                        superseded::add,
                        failed::countDown));
    }

    private static Founding founding() {
        PlanningInput input =
                Fixture.twoMasters()
                        .region("eu", 2)
                        .pkg("base 7.0.0", "base >=6.1.0")
                        .target("base 7.0.0")
                        .input();
        return new Founding(input.topology(), input.policy());
    }

    /** Three agents, each with a ledger, that grant everything in order. */
    private static final class Witnesses implements WitnessLink {
        private final SortedMap<NodeId, Presence> present = new TreeMap<>();
        private final SortedMap<NodeId, Ballot> promised = new TreeMap<>();
        private final SortedMap<NodeId, Register> registers = new TreeMap<>();
        private final CountDownLatch accepted = new CountDownLatch(3);
        private volatile WitnessLink.Listener listener = (_, _, _) -> {};
        private volatile boolean broken;

        Witnesses() {
            back();
        }

        /** All of them are there again. */
        void back() {
            for (String node : List.of("m-a", "m-b", "eu-1")) {
                present.put(new NodeId(node), new Presence(new StoreId("l-" + node), null));
            }
        }

        SortedSet<Witness> only(String node) {
            NodeId id = new NodeId(node);
            return new TreeSet<>(List.of(new Witness(id, new StoreId("l-" + node))));
        }

        @Override
        public SortedMap<NodeId, Presence> present() {
            if (broken) {
                throw new IllegalStateException("a defect");
            }
            return present;
        }

        @Override
        public void ask(NodeId node, long requestId, WitnessRequest request) {
            Presence presence = present.get(node);
            if (presence == null) {
                return;
            }
            Ballot before = promised.get(node);
            boolean granted = before == null || !before.isAbove(request.ballot());
            if (granted && !(request instanceof WitnessRequest.PreVote)) {
                promised.put(node, request.ballot());
            }
            if (granted && request instanceof WitnessRequest.Accept(var register)) {
                registers.put(node, register);
                accepted.countDown();
            }
            listener.replied(
                    node,
                    requestId,
                    new WitnessReply(
                            presence.store(),
                            granted,
                            granted ? "" : "promised",
                            promised.get(node),
                            registers.get(node)));
        }
    }

    /** Lets time pass, with a look in each of its steps, and the controller do all it can. */
    private void pass(long millis) throws IOException {
        for (long at = 0; at < millis; at += 50) {
            keeper.step();
            decide();
            nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    private void decide() throws IOException {
        while (controller.step()) {
            // Goes on until nothing is left.
        }
    }

    private List<Event> events() throws IOException {
        List<Event> events = new ArrayList<>();
        EventCodec codec = new EventCodec();
        for (JournalEntry entry : controller.read(1, 1 << 20)) {
            events.add(codec.decode(entry.index(), entry.payload()).event());
        }
        return events;
    }

    private long foundings() throws IOException {
        return events().stream().filter(e -> e instanceof Event.ClusterFounded).count();
    }

    @Test
    @Tag("REL-1")
    void takesOfficeByTheWitnessesWordAndFoundsTheClusterOnce() throws IOException {
        pass(4000);

        assertThat(keeper.isPrimary()).isTrue();
        assertThat(controller.isInOffice()).isTrue();
        assertThat(controller.state().topology()).isNotNull();
        assertThat(foundings()).isEqualTo(1);
    }

    @Test
    @Tag("REL-4")
    void foundsAgainAfterASubmissionThatWasNotTakenIn() throws IOException {
        while (!controller.isInOffice()) {
            keeper.step();
            if (!controller.isInOffice()) {
                decide();
            }
        }
        CompletableFuture<Decision> last;
        do {
            last = controller.submit(new Command.SwitchAutomaticFailover(true, new Actor("ada")));
        } while (!last.isDone());
        keeper.step();
        decide();
        assertThat(controller.state().topology()).isNull();

        keeper.step();
        decide();
        assertThat(controller.state().topology()).as("within the pause").isNull();

        pass(1100);
        assertThat(controller.state().topology()).isNotNull();
        assertThat(foundings()).isEqualTo(1);
    }

    @Test
    void runsInALoopOfItsOwnUntilItIsClosed() throws InterruptedException {
        keeper.start();
        assertThat(witnesses.accepted.await(10, TimeUnit.SECONDS)).isTrue();

        keeper.close();

        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(t -> t.getName().equals("mastership") && t.isAlive());
        assertThat(failed.getCount()).isEqualTo(1);
    }

    @Test
    void isClosedThoughItNeverStarted() {
        keeper.close();

        assertThat(witnesses.promised).isEmpty();
    }

    @Test
    @Tag("REL-4")
    void aDefectInItsLoopEndsTheProcess() throws InterruptedException {
        witnesses.broken = true;

        keeper.start();

        assertThat(failed.await(10, TimeUnit.SECONDS)).isTrue();
        keeper.close();
    }

    @Test
    @Tag("REL-1")
    void whoeverCommandsUnderAHigherBallotEndsItOnce() throws IOException {
        pass(4000);

        keeper.obeyed(new Ballot(0, 9, new NodeId("m-b"), 3));
        pass(200);

        assertThat(superseded).containsExactly(new Ballot(0, 9, new NodeId("m-b"), 3));
    }

    private static ForcedPromotion certificate(SortedSet<Witness> by) {
        return new ForcedPromotion(
                1,
                SELF,
                "n1",
                new Actor("ada"),
                by.stream().map(Witness::node).toList(),
                List.of(new NodeId("m-b")),
                2,
                "none",
                Optional.of(SIGNED));
    }

    private void onlyOneWitnessIsLeft() throws IOException {
        pass(4000);
        witnesses.present.keySet().removeIf(node -> !node.equals(SELF));
        begin(2);
        pass(4000);
        assertThat(keeper.isPrimary()).isFalse();
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void aForcedOfficeIsRecordedWithWhatTheOperatorSigned() throws IOException {
        onlyOneWitnessIsLeft();
        SortedSet<Witness> left = witnesses.only("m-a");

        CompletableFuture<String> answer = keeper.force(1, left, certificate(left));
        pass(500);

        assertThat(answer).isCompletedWithValue("");
        assertThat(controller.ballot()).isEqualTo(new Ballot(1, 1, SELF, 2));
        assertThat(events()).contains(new Event.ForcedPromotionUsed(certificate(left)));
        assertThat(keeper.signedFor(1)).contains(SIGNED);
        assertThat(keeper.signedFor(2)).isEmpty();
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void aProcessThatEndsBeforeItsForcedOfficeIsDurableLeavesTheCertificateToTheNext()
            throws IOException {
        onlyOneWitnessIsLeft();
        SortedSet<Witness> left = witnesses.only("m-a");
        CompletableFuture<String> _ = keeper.force(1, left, certificate(left));
        keeper.step();
        keeper.step();
        assertThat(keeper.isPrimary()).as("the witness has accepted").isTrue();

        begin(3);
        assertThat(keeper.signedFor(1)).contains(SIGNED);
        pass(4000);

        assertThat(controller.ballot()).isEqualTo(new Ballot(1, 2, SELF, 3));
        assertThat(events()).contains(new Event.ForcedPromotionUsed(certificate(left)));
        begin(4);
        pass(4000);
        assertThat(controller.ballot()).isEqualTo(new Ballot(1, 3, SELF, 4));
        assertThat(events().stream().filter(e -> e instanceof Event.ForcedPromotionUsed))
                .hasSize(1);
    }

    @Test
    @Tag("REL-1")
    void aForceThatNoWitnessGrantedLeavesElectionsInTheirGenerationAndIsNotTriedAgain()
            throws IOException {
        onlyOneWitnessIsLeft();
        SortedSet<Witness> gone = witnesses.only("eu-1");

        CompletableFuture<String> first = keeper.force(1, gone, certificate(gone));
        pass(8000);
        begin(3);
        pass(200);
        CompletableFuture<String> again = keeper.force(1, gone, certificate(gone));
        pass(200);

        assertThat(first).isCompletedWithValue("");
        assertThat(again.join()).contains("expected a generation above 1, which was tried");
        assertThat(keeper.standing().highest()).isEqualTo(new Ballot(1, 1, SELF, 3));
        witnesses.back();
        pass(4000);
        assertThat(keeper.isPrimary()).isTrue();
        assertThat(keeper.register().orElseThrow().ballot().generation()).isZero();
    }
}
