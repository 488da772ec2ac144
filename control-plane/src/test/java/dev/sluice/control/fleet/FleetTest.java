package dev.sluice.control.fleet;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.codec.WitnessWire;
import dev.sluice.control.executor.AgentCommand;
import dev.sluice.control.executor.CommandOutcome;
import dev.sluice.control.executor.KeepOrder;
import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessLink;
import dev.sluice.control.failover.WitnessReply;
import dev.sluice.control.failover.WitnessRequest;
import dev.sluice.control.failover.WitnessSet;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.v1.KeepPackages;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.RemovedPackage;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.SessionResponse.MessageCase;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The fleet behind streams that a test fills and empties at will. */
final class FleetTest {

    private static final NodeId MASTER = new NodeId("m-a");
    private static final NodeId NODE = new NodeId("eu-3");
    private static final Ballot FIRST = new Ballot(0, 4, MASTER, 1);
    private static final Ballot SECOND = FIRST.next(MASTER, 2);
    private static final StoreId STORE = new StoreId("5eed");
    private static final Register REGISTER =
            new Register(
                    FIRST,
                    3,
                    new TreeSet<>(Set.of(new Replica(MASTER, new StoreId("j-1")))),
                    WitnessSet.of(1, List.of(new Witness(NODE, STORE))),
                    Optional.empty());

    private final AtomicLong nanos = new AtomicLong(-5);
    private final AtomicInteger woken = new AtomicInteger();
    private final List<Ballot> higher = new ArrayList<>();
    private final List<Heard> replies = new ArrayList<>();
    private final Fleet fleet =
            new Fleet(
                    MASTER,
                    "1.0.0",
                    _ -> true,
                    nanos::get,
                    higher::add,
                    woken::incrementAndGet,
                    (node, id, reply) -> replies.add(new Heard(node, id, reply)),
                    generation -> generation == 2 ? Optional.of(SIGNED) : Optional.empty(),
                    () -> "");
    private final FakeStream stream = new FakeStream();
    private long sequence;

    private static final SignedPromotion SIGNED =
            new SignedPromotion(
                    Blob.of(new byte[] {1}),
                    Blob.of(new byte[] {2}),
                    List.of(Blob.of(new byte[1])));

    private record Heard(NodeId node, long requestId, WitnessReply reply) {}

    private AgentSession join(NodeId node, FakeStream out) throws Exception {
        return join(node, out, null, null);
    }

    private AgentSession join(
            NodeId node, FakeStream out, @Nullable StoreId store, @Nullable Ballot highest)
            throws Exception {
        return fleet.joined(
                new Greeting(
                        node,
                        "1.2.3",
                        5,
                        highest,
                        node + ":7444",
                        node + ":7445",
                        store,
                        report(NodeReport.newBuilder())),
                out);
    }

    private Report report(NodeReport.Builder report) throws Exception {
        return ReportReader.read(report.setSequence(++sequence).build());
    }

    private NodeObservation seen() {
        return requireNonNull(fleet.observe().get(NODE));
    }

    private NodeFacts facts() {
        return requireNonNull(seen().facts());
    }

    private Status.Code end() {
        return requireNonNull(stream.end).getCode();
    }

    private static AgentCommand command(String id, Ballot ballot) {
        return new AgentCommand(
                id, ballot, "p-1", "s-1", 1, new AgentCommand.AgentWork.SetAdmission(false));
    }

    private List<String> commands(FakeStream from) {
        return from.sent.stream()
                .filter(message -> message.hasCommand())
                .map(message -> message.getCommand().getCommandId())
                .toList();
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void whatAnOperatorSignedGoesToTheAgentsThatHaveNotMetTheGeneration() throws Exception {
        Ballot forced = new Ballot(2, 3, MASTER, 7);
        FakeStream met = new FakeStream();
        var _ = join(NODE, stream, STORE, new Ballot(1, 9, MASTER, 6));
        var _ = join(new NodeId("eu-4"), met, STORE, new Ballot(2, 1, MASTER, 6));

        fleet.ask(NODE, 1, new WitnessRequest.Prepare(forced));
        fleet.ask(NODE, 2, new WitnessRequest.PreVote(forced));
        fleet.ask(new NodeId("eu-4"), 3, new WitnessRequest.Prepare(forced));
        fleet.lead(forced);
        fleet.expireSilent();

        assertThat(stream.sent.get(1).getWitness().hasPromotion()).isTrue();
        assertThat(stream.sent.get(2).getWitness().hasPromotion()).isFalse();
        assertThat(stream.sent.get(3).getFence().getPromotion().getPromotion().toByteArray())
                .containsExactly(1);
        assertThat(stream.sent.get(4).getFence().hasPromotion()).as("asked again").isTrue();
        assertThat(met.sent.get(1).getWitness().hasPromotion()).isFalse();
        assertThat(met.sent.get(2).getFence().hasPromotion()).isFalse();
    }

    /** Its ledger could not be written: it answers nothing then, and does not end its session. */
    @Test
    @Tag("REL-1")
    void anAgentThatDoesNotAcknowledgeIsAskedAgain() throws Exception {
        AgentSession session = join(NODE, stream);
        fleet.lead(FIRST);

        fleet.expireSilent();
        fleet.fenced(session, FIRST);
        fleet.expireSilent();

        assertThat(stream.kinds())
                .containsExactly(MessageCase.WELCOME, MessageCase.FENCE, MessageCase.FENCE);
    }

    @Test
    @Tag("REL-1")
    void aCommandIsSentOnlyUnderTheBallotThatTheAgentAcknowledged() throws Exception {
        AgentSession session = join(NODE, stream);
        fleet.send(NODE, command("following", FIRST));
        fleet.lead(FIRST);
        fleet.send(NODE, command("unfenced", FIRST));
        fleet.fenced(session, FIRST);
        fleet.send(NODE, command("fenced", FIRST));
        fleet.lead(SECOND);
        fleet.send(NODE, command("old ballot", FIRST));
        fleet.send(NODE, command("not yet", SECOND));
        fleet.fenced(session, FIRST);
        fleet.send(NODE, command("late fence", SECOND));
        fleet.fenced(session, SECOND);
        fleet.send(NODE, command("fenced again", SECOND));
        fleet.follow();
        fleet.send(NODE, command("following again", SECOND));

        assertThat(commands(stream)).containsExactly("fenced", "fenced again");
    }

    @Test
    @Tag("REL-1")
    void leadingAnewFencesEverySessionAndForgetsEarlierAcknowledgements() throws Exception {
        fleet.lead(FIRST);
        AgentSession session = join(NODE, stream);
        fleet.fenced(session, FIRST);
        assertThat(seen().fenced()).isEqualTo(FIRST);

        fleet.lead(SECOND);

        assertThat(seen().fenced()).isNull();
        assertThat(stream.kinds())
                .containsExactly(MessageCase.WELCOME, MessageCase.FENCE, MessageCase.FENCE);
        fleet.fenced(session, SECOND);
        assertThat(seen().fenced()).isEqualTo(SECOND);
        fleet.follow();
        assertThat(seen().fenced()).isNull();
    }

    @Test
    @Tag("REL-1")
    void whatWaitsForAFullTransportIsDroppedWhenThisMasterLeadsNoMore() throws Exception {
        fleet.lead(FIRST);
        AgentSession session = join(NODE, stream);
        fleet.fenced(session, FIRST);
        stream.ready = false;
        fleet.send(NODE, command("waits", FIRST));
        fleet.follow();
        stream.ready = true;
        session.drain();

        assertThat(commands(stream)).isEmpty();
    }

    @Test
    void whatWaitsForAFullTransportIsSentInOrderWhenItHasRoom() throws Exception {
        fleet.lead(FIRST);
        AgentSession session = join(NODE, stream);
        fleet.fenced(session, FIRST);
        stream.ready = false;
        fleet.send(NODE, command("1", FIRST));
        fleet.send(NODE, command("2", FIRST));
        assertThat(commands(stream)).isEmpty();
        stream.ready = true;
        session.drain();
        fleet.send(NODE, command("3", FIRST));

        assertThat(commands(stream)).containsExactly("1", "2", "3");
    }

    @Test
    @Tag("REL-4")
    void anAgentThatReadsNothingIsDisconnected() throws Exception {
        fleet.lead(FIRST);
        AgentSession session = join(NODE, stream);
        fleet.fenced(session, FIRST);
        stream.ready = false;
        for (int i = 0; i < AgentSession.MAX_QUEUED; i++) {
            fleet.send(NODE, command("c" + i, FIRST));
        }
        assertThat(seen().connected()).isTrue();

        fleet.send(NODE, command("one too many", FIRST));

        assertThat(seen().connected()).isFalse();
        assertThat(end()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    @Tag("PKG-4")
    void whatIsToBeKeptIsToldUnderTheBallotInOfficeAndByNobodyAfterIt() throws Exception {
        KeepOrder order =
                new KeepOrder(
                        17,
                        "abc",
                        List.of(
                                new KeepOrder.Kept(
                                        new PackageRef(
                                                new PackageName("site"), Version.parse("25.1.0")),
                                        "ff")));
        fleet.lead(FIRST);
        AgentSession session = join(NODE, stream);
        fleet.keep(NODE, FIRST, order);
        assertThat(stream.kinds()).doesNotContain(MessageCase.KEEP);

        fleet.fenced(session, FIRST);
        fleet.keep(NODE, FIRST, order);
        assertThat(stream.kinds()).containsOnlyOnce(MessageCase.KEEP);
        KeepPackages told = stream.sent.getLast().getKeep();
        assertThat(told.getBallot().getCounter()).isEqualTo(FIRST.counter());
        assertThat(told.getRevision()).isEqualTo(17);
        assertThat(told.getDigest()).isEqualTo("abc");
        assertThat(told.getPackagesList())
                .singleElement()
                .satisfies(kept -> {
                    assertThat(kept.getPackage().getVersion()).isEqualTo("25.1.0");
                    assertThat(kept.getContentSha256()).isEqualTo("ff");
                });

        fleet.follow();
        fleet.keep(NODE, FIRST, order);
        assertThat(stream.kinds()).containsOnlyOnce(MessageCase.KEEP);
    }

    @Test
    @Tag("PKG-4")
    void aReportTellsWhatIsKeptWhatWasInstalledBeforeAndWhatWasRemoved() throws Exception {
        fleet.reported(
                join(NODE, stream),
                report(
                        NodeReport.newBuilder()
                                .putPrevious("site", "25.0.0")
                                .setKeptPackages("abc")
                                .addRemoved(
                                        RemovedPackage.newBuilder()
                                                .setBytes(9)
                                                .setContentSha256("ff")
                                                .setReason("room for site 25.2.0")
                                                .setPackage(
                                                        dev.sluice.v1.PackageRef.newBuilder()
                                                                .setName("site")
                                                                .setVersion("24.0.0")))));

        NodeFacts.Keeping keeping = requireNonNull(seen().facts()).keeping();
        assertThat(keeping.previous())
                .containsExactly(Map.entry(new PackageName("site"), Version.parse("25.0.0")));
        assertThat(keeping.digest()).contains("abc");
        assertThat(keeping.removed())
                .containsExactly("site 24.0.0 (9 bytes, content ff): room for site 25.2.0");
    }

    @Test
    void aLeaseIsRenewedNowOrNotAtAll() throws Exception {
        fleet.lead(FIRST);
        AgentSession session = join(NODE, stream);
        fleet.fenced(session, FIRST);
        fleet.renewLease(NODE, FIRST, Duration.ofSeconds(3));
        stream.ready = false;
        fleet.renewLease(NODE, FIRST, Duration.ofSeconds(3));
        stream.ready = true;
        session.drain();

        assertThat(stream.kinds())
                .containsExactly(MessageCase.WELCOME, MessageCase.FENCE, MessageCase.LEASE);
        assertThat(stream.sent.getLast().getLease().getLeaseMillis()).isEqualTo(3000);
    }

    @Test
    @Tag("REL-4")
    void aNewerSessionReplacesTheOlderWhoseLateMessagesAreIgnored() throws Exception {
        fleet.lead(FIRST);
        AgentSession old = join(NODE, stream);
        AgentSession fresh = join(NODE, new FakeStream());

        fleet.fenced(old, FIRST);
        fleet.reported(old, report(NodeReport.newBuilder().setHeldAddress("10.0.0.9")));
        fleet.left(old, "late");

        assertThat(end()).isEqualTo(Status.Code.ABORTED);
        assertThat(seen().session()).isEqualTo(2);
        assertThat(seen().connected()).isTrue();
        assertThat(seen().fenced()).isNull();
        assertThat(facts().heldAddress()).isEmpty();
        fleet.fenced(fresh, FIRST);
        assertThat(seen().fenced()).isEqualTo(FIRST);
    }

    @Test
    @Tag("REL-4")
    void aReportThatWasOvertakenChangesNothing() throws Exception {
        AgentSession session = join(NODE, stream);
        Report early = report(NodeReport.newBuilder().setAccepting(true));
        Report late = report(NodeReport.newBuilder().setAccepting(false));

        fleet.reported(session, late);
        fleet.reported(session, early);

        assertThat(facts().accepting()).isFalse();
    }

    @Test
    @Tag("REL-4")
    void aSilentSessionIsEndedAndItsFactsKeepTheirAge() throws Exception {
        FakeStream other = new FakeStream();
        AgentSession talking = join(new NodeId("eu-4"), other);
        var _ = join(NODE, stream);
        nanos.addAndGet(Duration.ofSeconds(10).toNanos());
        fleet.reported(talking, report(NodeReport.newBuilder()));
        fleet.expireSilent();
        assertThat(seen().connected()).isTrue();

        nanos.addAndGet(1);
        fleet.expireSilent();

        assertThat(seen().connected()).isFalse();
        assertThat(seen().age()).isEqualTo(Duration.ofSeconds(10).plusNanos(1));
        assertThat(seen().facts()).isNotNull();
        assertThat(end()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(other.end).isNull();
    }

    @Test
    @Tag("REL-1")
    void aHigherBallotIsReportedAndALowerIsNot() throws Exception {
        AgentSession session = join(NODE, stream);
        Ballot other = SECOND.next(new NodeId("m-b"), 9);
        fleet.refused(session, other, "", "");
        fleet.lead(SECOND);
        fleet.refused(session, FIRST, "c-1", "");
        fleet.refused(session, SECOND, "c-1", "");
        assertThat(higher).isEmpty();

        fleet.refused(session, other, "c-1", "");

        assertThat(higher).containsExactly(other);
    }

    @Test
    @Tag("REL-1")
    void agentsThatAreConnectedAndNameTheirLedgerArePresentAsWitnesses() throws Exception {
        AgentSession session = join(NODE, stream, STORE, SECOND);
        var _ = join(new NodeId("eu-4"), new FakeStream(), STORE, null);
        var _ = join(new NodeId("old"), new FakeStream(), null, SECOND);

        assertThat(fleet.present())
                .containsExactly(
                        Map.entry(NODE, new WitnessLink.Presence(STORE, SECOND)),
                        Map.entry(new NodeId("eu-4"), new WitnessLink.Presence(STORE, null)));
        fleet.left(session, "gone");
        assertThat(fleet.present()).containsOnlyKeys(new NodeId("eu-4"));
    }

    @Test
    @Tag("REL-1")
    void theHighestBallotThatAnAgentEverNamedIsKnownThoughThisMasterDoesNotLead() throws Exception {
        Ballot other = SECOND.next(new NodeId("m-b"), 9);
        AgentSession session = join(NODE, stream, STORE, FIRST);
        fleet.refused(session, other, "", "");
        assertThat(fleet.present()).containsValue(new WitnessLink.Presence(STORE, other));
        fleet.refused(session, FIRST, "", "");
        assertThat(fleet.present()).containsValue(new WitnessLink.Presence(STORE, other));
        assertThat(higher).isEmpty();

        Ballot own = other.next(MASTER, 3);
        fleet.lead(own);
        fleet.fenced(session, own);

        assertThat(fleet.present()).containsValue(new WitnessLink.Presence(STORE, own));
    }

    @Test
    @Tag("REL-1")
    void aWitnessIsAskedWhoeverLeadsAndWhateverTenureEnds() throws Exception {
        var _ = join(NODE, stream, STORE, null);
        fleet.ask(NODE, 1, new WitnessRequest.PreVote(FIRST));
        fleet.ask(NODE, 2, new WitnessRequest.Prepare(FIRST));
        fleet.lead(FIRST);
        fleet.ask(NODE, 3, new WitnessRequest.Alive(FIRST));
        fleet.follow();
        fleet.ask(NODE, 4, new WitnessRequest.Accept(REGISTER));
        fleet.ask(new NodeId("nobody"), 5, new WitnessRequest.Prepare(FIRST));

        assertThat(
                        stream.sent.stream()
                                .filter(SessionResponse::hasWitness)
                                .map(SessionResponse::getWitness))
                .containsExactly(
                        WitnessWire.encode(1, new WitnessRequest.PreVote(FIRST)),
                        WitnessWire.encode(2, new WitnessRequest.Prepare(FIRST)),
                        WitnessWire.encode(3, new WitnessRequest.Alive(FIRST)),
                        WitnessWire.encode(4, new WitnessRequest.Accept(REGISTER)));
    }

    @Test
    @Tag("REL-4")
    void aQuestionThatAFullTransportCannotTakeIsDroppedAndNeverComesLate() throws Exception {
        fleet.lead(FIRST);
        AgentSession session = join(NODE, stream, STORE, null);
        fleet.fenced(session, FIRST);
        stream.ready = false;
        fleet.send(NODE, command("waits", FIRST));
        for (int i = 0; i < 2 * AgentSession.MAX_QUEUED; i++) {
            fleet.ask(NODE, i, new WitnessRequest.Alive(FIRST));
        }
        stream.ready = true;
        session.drain();
        fleet.ask(NODE, 7, new WitnessRequest.Alive(FIRST));

        assertThat(stream.kinds())
                .containsExactly(
                        MessageCase.WELCOME,
                        MessageCase.FENCE,
                        MessageCase.COMMAND,
                        MessageCase.WITNESS);
        assertThat(stream.sent.getLast().getWitness().getRequestId()).isEqualTo(7);
        assertThat(seen().connected()).isTrue();
    }

    @Test
    @Tag("REL-1")
    void onlyTheLatestSessionOfANodeIsHeardAsAWitness() throws Exception {
        AgentSession old = join(NODE, stream, STORE, null);
        AgentSession fresh = join(NODE, new FakeStream(), STORE, null);
        WitnessReply reply = new WitnessReply(STORE, true, "", FIRST, REGISTER);

        fleet.replied(old, 1, reply);
        fleet.replied(fresh, 2, reply);
        fleet.left(fresh, "gone");
        fleet.replied(fresh, 3, reply);

        assertThat(replies).containsExactly(new Heard(NODE, 2, reply));
    }

    @Test
    void anOutcomeCountsOnlyFromTheNodeThatTheCommandWasSentTo() throws Exception {
        fleet.lead(FIRST);
        AgentSession session = join(NODE, stream);
        AgentSession liar = join(new NodeId("eu-4"), new FakeStream());
        fleet.fenced(session, FIRST);
        fleet.send(NODE, command("c-1", FIRST));
        CommandOutcome done = new CommandOutcome.Done(List.of("version 25.2.0"));

        fleet.resulted(liar, "c-1", done);
        assertThat(fleet.outcome("c-1")).isEmpty();

        fleet.resulted(session, "c-1", done);
        assertThat(fleet.outcome("c-1")).contains(done);
    }

    @Test
    @Tag("CLU-15")
    void aNewProcessLearnsARecordedOutcomeBySendingTheCommandAgain() throws Exception {
        CommandOutcome done = new CommandOutcome.Done(List.of());
        AgentSession session = join(NODE, stream);
        fleet.resulted(session, "c-1", done);
        assertThat(fleet.outcome("c-1")).isEmpty();

        fleet.lead(FIRST);
        fleet.fenced(session, FIRST);
        fleet.send(NODE, command("c-1", FIRST));
        fleet.resulted(session, "c-1", done);

        assertThat(fleet.outcome("c-1")).contains(done);
    }

    @Test
    void theLastTenThousandOutcomesAreRememberedAndNotAllOfThem() throws Exception {
        fleet.lead(FIRST);
        AgentSession session = join(NODE, stream);
        fleet.fenced(session, FIRST);
        int count = Outcomes.MAX_OUTCOMES + 1;
        for (int i = 0; i < count; i++) {
            fleet.send(NODE, command("c" + i, FIRST));
            fleet.resulted(session, "c" + i, new CommandOutcome.Failed("no " + i, true));
        }

        assertThat(fleet.outcome("c0")).isEmpty();
        assertThat(IntStream.range(count - 10_000, count).mapToObj(i -> fleet.outcome("c" + i)))
                .allMatch(Optional::isPresent);
    }

    @Test
    void theExecutorIsWokenByWhatItCouldActUponAndNotByProgress() throws Exception {
        AgentSession session = join(NODE, stream);
        int before = woken.get();
        fleet.reported(session, report(NodeReport.newBuilder()));
        fleet.reported(session, report(NodeReport.newBuilder().setDiskFreeBytes(7)));
        fleet.reported(session, report(NodeReport.newBuilder().setActivity("reading")));
        assertThat(woken.get()).isEqualTo(before);
        assertThat(facts().diskFreeBytes()).isZero();
        assertThat(facts().activity()).isEqualTo("reading");

        fleet.reported(session, report(NodeReport.newBuilder().putSessions("console", 1)));
        assertThat(woken.get()).isEqualTo(before + 1);
        fleet.left(session, "gone");
        assertThat(woken.get()).isEqualTo(before + 2);
    }

    @Test
    @Tag("REL-3")
    void aVersionThatCannotBeReadIsARemarkAndTheRestIsKept() throws Exception {
        AgentSession session = join(NODE, stream);

        fleet.reported(
                session,
                report(
                        NodeReport.newBuilder()
                                .putInstalled("site", "25.1.0")
                                .putInstalled("base", "seven")
                                .setAccepting(true)));

        NodeFacts facts = facts();
        assertThat(facts.installed().toString()).isEqualTo("{site=25.1.0}");
        assertThat(facts.accepting()).isTrue();
        assertThat(fleet.remarks(NODE))
                .singleElement()
                .asString()
                .contains("installed base", "version \"seven\"");
        fleet.reported(session, report(NodeReport.newBuilder()));
        assertThat(fleet.remarks(NODE)).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void numbersAndTextsOfAReportAreBounded() throws Exception {
        Report report =
                report(
                        NodeReport.newBuilder()
                                .putSessions("a", -1)
                                .putSessions("b", -1)
                                .setDiskFreeBytes(-1)
                                .setActivity("line\nline" + "x".repeat(10_000)));

        assertThat(report.facts().clients()).isEqualTo(2_000_000);
        assertThat(report.facts().diskFreeBytes()).isEqualTo(Long.MAX_VALUE);
        assertThat(report.facts().activity()).startsWith("line linexx").hasSize(515);
    }

    @Test
    void aMasterLeadsUnderItsOwnBallotsAlone() {
        Ballot other = FIRST.next(new NodeId("m-b"), 1);

        assertThatThrownBy(() -> fleet.lead(other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("m-a")
                .hasMessageContaining(other.toString());
    }

    @Test
    void aSnapshotOfTenThousandNodesHasThemAllInOrder() throws Exception {
        for (int i = 0; i < 10_000; i++) {
            var _ = join(new NodeId("n-%05d".formatted(9_999 - i)), new FakeStream());
        }

        assertThat(fleet.observe()).hasSize(10_000);
        assertThat(fleet.observe().firstKey()).isEqualTo(new NodeId("n-00000"));
        assertThat(List.copyOf(fleet.observe().keySet())).isSorted();
        assertThat(fleet.observe().values()).allMatch(NodeObservation::connected);
    }
}
