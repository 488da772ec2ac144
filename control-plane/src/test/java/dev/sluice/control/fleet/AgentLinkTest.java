package dev.sluice.control.fleet;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.sluice.control.codec.WitnessWire;
import dev.sluice.control.executor.AgentCommand;
import dev.sluice.control.executor.AgentCommand.AgentWork;
import dev.sluice.control.executor.AgentCommand.Location;
import dev.sluice.control.executor.CommandOutcome;
import dev.sluice.control.executor.ContentPatch;
import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.WitnessLink;
import dev.sluice.control.failover.WitnessReply;
import dev.sluice.control.failover.WitnessRequest;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.ChannelFile;
import dev.sluice.v1.ChannelFiles;
import dev.sluice.v1.Command;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.PackageLocation;
import dev.sluice.v1.SessionResponse.MessageCase;
import dev.sluice.v1.StagePackage;
import dev.sluice.v1.StagedPackage;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Agents' sessions over real gRPC and mutual TLS. */
final class AgentLinkTest {

    private static final int PATIENCE_SECONDS = 20;
    private static final NodeId MASTER = new NodeId("m-a");
    private static final NodeId NODE = new NodeId("eu-3");
    private static final Ballot BALLOT = new Ballot(0, 4, MASTER, 1);

    private final AtomicLong nanos = new AtomicLong();
    private final Semaphore wakes = new Semaphore(0);
    private final BlockingQueue<Ballot> higher = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> replies = new LinkedBlockingQueue<>();
    private final Fleet fleet =
            new Fleet(
                    MASTER,
                    "1.0.0",
                    node -> node.value().startsWith("eu-"),
                    nanos::get,
                    higher::add,
                    wakes::release,
                    (node, id, reply) -> replies.add(node + " " + id + " " + reply),
                    _ -> Optional.empty(),
                    () -> "m-a:7111");
    private final AgentLinkEndpoint endpoint = new AgentLinkEndpoint(fleet, nanos::get);
    @AutoClose private LoopbackMaster master;

    @BeforeEach
    void setUp() throws Exception {
        master = new LoopbackMaster(endpoint);
    }

    private FakeAgent agent(String node) throws Exception {
        return new FakeAgent(master.channel(PeerName.node(node)));
    }

    private FakeAgent fencedAgent() throws Exception {
        fleet.lead(BALLOT);
        FakeAgent agent = agent("eu-3").hello("eu-3");
        assertThat(agent.hears().getMessageCase()).isEqualTo(MessageCase.WELCOME);
        assertThat(agent.hears().getMessageCase()).isEqualTo(MessageCase.FENCE);
        agent.fenced(BALLOT);
        await(() -> BALLOT.equals(seen().fenced()));
        return agent;
    }

    private NodeObservation seen() {
        return requireNonNull(fleet.observe().get(NODE));
    }

    /** Looks again at every wake-up, which is all that the executor gets too. */
    private void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            assertThat(wakes.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("woken; seen: %s", fleet.observe())
                    .isTrue();
        }
    }

    private static AgentCommand command(String id, AgentWork work) {
        return new AgentCommand(id, BALLOT, "p-1", "s-1", 2, work);
    }

    @Test
    void aFollowerWelcomesAnAgentAndAsksNothingOfIt() throws Exception {
        FakeAgent agent = agent("eu-3").hello("eu-3");

        var welcome = agent.hears().getWelcome();
        assertThat(welcome.getMasterId()).isEqualTo("m-a");
        assertThat(welcome.getControlPlaneVersion()).isEqualTo("1.0.0");
        assertThat(welcome.getPrimary()).isFalse();
        assertThat(welcome.getTransferAddress()).isEqualTo("m-a:7111");
        assertThat(seen().connected()).isTrue();
        assertThat(seen().fenced()).isNull();
        assertThat(seen().agentVersion()).isEqualTo("1.2.3");
        assertThat(seen().packageSource()).isEqualTo("eu-3:7444");
        assertThat(requireNonNull(seen().facts()).sessions()).isEqualTo(Map.of("console", 3));
        assertThat(agent.waiting()).isZero();
    }

    @Test
    @Tag("REL-1")
    void aPrimaryFencesAnAgentBeforeItCommandsIt() throws Exception {
        FakeAgent agent = agent("eu-3").hello("eu-3");
        assertThat(agent.hears().getWelcome().getPrimary()).isFalse();
        fleet.lead(BALLOT);

        fleet.send(NODE, command("too early", new AgentWork.CutSessions()));
        assertThat(agent.hears().getFence().getBallot()).isEqualTo(CommandWriter.ballot(BALLOT));
        agent.fenced(BALLOT);
        await(() -> BALLOT.equals(seen().fenced()));
        fleet.send(NODE, command("c-1", new AgentWork.CutSessions()));

        assertThat(agent.hears().getCommand().getCommandId()).isEqualTo("c-1");
        agent.done("c-1", "no clients left");
        await(() -> fleet.outcome("c-1").isPresent());
        assertThat(fleet.outcome("c-1"))
                .contains(new CommandOutcome.Done(List.of("no clients left")));
        assertThat(agent("eu-4").hello("eu-4").hears().getWelcome().getPrimary()).isTrue();
    }

    @Test
    @Tag("REL-1")
    void anAgentThatObeysAHigherBallotIsHeard() throws Exception {
        FakeAgent agent = fencedAgent();
        Ballot other = BALLOT.next(new NodeId("m-b"), 8);

        agent.refuses(BALLOT, other);

        assertThat(higher.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(other);
    }

    static Stream<AgentWork> works() {
        PackageName site = new PackageName("site");
        Version version = Version.parse("25.2.0");
        return Stream.of(
                new AgentWork.Stage(
                        Blob.of(new byte[] {1}),
                        Blob.of(new byte[] {2}),
                        List.of(new Location("m-a", "m-a:7443")),
                        1000,
                        List.of()),
                new AgentWork.Install(new PackageRef(site, version), "ab".repeat(32), true),
                new AgentWork.SetAdmission(true),
                new AgentWork.CutSessions(),
                new AgentWork.Verify(
                        new TreeMap<>(Map.of(site, version)), true, Optional.of("check.sh")),
                new AgentWork.HoldAddress("10.0.0.9", Duration.ofSeconds(3)),
                new AgentWork.PushConfiguration(9, Map.of("a", "b")));
    }

    @ParameterizedTest
    @MethodSource("works")
    void everyCommandReachesTheAgentWithAllItSays(AgentWork work) throws Exception {
        FakeAgent agent = fencedAgent();

        fleet.send(NODE, command("c-1", work));

        Command heard = agent.hears().getCommand();
        assertThat(heard.getBallot()).isEqualTo(CommandWriter.ballot(BALLOT));
        assertThat(heard.getPlanId() + heard.getStepId() + heard.getAttempt()).isEqualTo("p-1s-12");
        assertThat(said(heard)).isEqualTo(expected(work));
    }

    private static String said(Command command) {
        return switch (command.getWorkCase()) {
            case STAGE ->
                    "stage %s %s %s %d"
                            .formatted(
                                    command.getStage().getManifest().byteAt(0),
                                    command.getStage().getSignature().byteAt(0),
                                    command.getStage().getSources(0).getNodeId()
                                            + command.getStage().getSources(0).getAddress(),
                                    command.getStage().getMaxBytesPerSecond());
            case INSTALL ->
                    "install %s %s %s %s"
                            .formatted(
                                    command.getInstall().getPackage().getName(),
                                    command.getInstall().getPackage().getVersion(),
                                    command.getInstall().getContentSha256(),
                                    command.getInstall().getCutClients());
            case SET_ADMISSION -> "admission " + command.getSetAdmission().getAccepting();
            case CUT_SESSIONS -> "cut";
            case VERIFY ->
                    "verify %s %s %s"
                            .formatted(
                                    command.getVerify().getExpectedMap(),
                                    command.getVerify().getSession(),
                                    command.getVerify().getScript());
            case HOLD_ADDRESS ->
                    "hold %s %d"
                            .formatted(
                                    command.getHoldAddress().getAddress(),
                                    command.getHoldAddress().getLeaseMillis());
            case RELEASE_ADDRESS -> "release";
            case PUSH_CONFIGURATION ->
                    "push %d %s"
                            .formatted(
                                    command.getPushConfiguration().getRevision(),
                                    command.getPushConfiguration().getSettingsMap());
            case WORK_NOT_SET -> "nothing";
        };
    }

    private static String expected(AgentWork work) {
        return switch (work) {
            case AgentWork.Stage _ -> "stage 1 2 m-am-a:7443 1000";
            case AgentWork.Install _ -> "install site 25.2.0 " + "ab".repeat(32) + " true";
            case AgentWork.SetAdmission _ -> "admission true";
            case AgentWork.CutSessions _ -> "cut";
            case AgentWork.Verify _ -> "verify {site=25.2.0} true check.sh";
            case AgentWork.HoldAddress _ -> "hold 10.0.0.9 3000";
            case AgentWork.PushConfiguration _ -> "push 9 {a=b}";
        };
    }

    @Test
    @Tag("PKG-4")
    void anOrderByAPatchSaysWhatThePatchIsAndWhereItCanBePulledFrom() throws Exception {
        FakeAgent agent = fencedAgent();
        ContentPatch patch =
                new ContentPatch(
                        new PackageRef(new PackageName("site"), Version.parse("25.1.0")),
                        "ab".repeat(32),
                        "cd".repeat(32),
                        4096,
                        "ef".repeat(32));

        fleet.send(
                NODE,
                command(
                        "c-1",
                        new AgentWork.Stage(
                                Blob.of(new byte[] {1}),
                                Blob.of(new byte[] {2}),
                                List.of(),
                                List.of(),
                                0,
                                List.of(),
                                List.of(),
                                Optional.of(
                                        new AgentWork.ByPatch(
                                                patch,
                                                List.of(new Location("eu-1", "", "eu-1:7", 9)),
                                                List.of(new Location("eu-2", "", "eu-2:7", 8)))))));

        StagePackage heard = agent.hears().getCommand().getStage();
        assertThat(heard.getSourcesList()).isEmpty();
        assertThat(heard.getPatch())
                .isEqualTo(
                        dev.sluice.v1.ContentPatch.newBuilder()
                                .setBaseSha256("ab".repeat(32))
                                .setSha256("cd".repeat(32))
                                .setSize(4096)
                                .setMerkleRoot("ef".repeat(32))
                                .addSources(
                                        PackageLocation.newBuilder()
                                                .setNodeId("eu-1")
                                                .setTransferAddress("eu-1:7")
                                                .setLinkBytesPerSecond(9))
                                .addSecondHalfSources(
                                        PackageLocation.newBuilder()
                                                .setNodeId("eu-2")
                                                .setTransferAddress("eu-2:7")
                                                .setLinkBytesPerSecond(8))
                                .build());
        assertThat(heard.getSecondHalfSourcesList()).isEmpty();
    }

    @Test
    @Tag("PKG-4")
    void anOrderSaysWhereBothHalvesCanBePulledFrom() throws Exception {
        FakeAgent agent = fencedAgent();

        fleet.send(
                NODE,
                command(
                        "c-1",
                        new AgentWork.Stage(
                                Blob.of(new byte[] {1}),
                                Blob.of(new byte[] {2}),
                                List.of(new Location("eu-1", "eu-1:6", "eu-1:7", 0)),
                                List.of(new Location("us-2", "us-2:6", "us-2:7", 5)),
                                0,
                                List.of(),
                                List.of(),
                                Optional.empty())));

        StagePackage heard = agent.hears().getCommand().getStage();
        assertThat(heard.getSourcesList())
                .containsExactly(
                        PackageLocation.newBuilder()
                                .setNodeId("eu-1")
                                .setAddress("eu-1:6")
                                .setTransferAddress("eu-1:7")
                                .build());
        assertThat(heard.getSecondHalfSourcesList())
                .containsExactly(
                        PackageLocation.newBuilder()
                                .setNodeId("us-2")
                                .setAddress("us-2:6")
                                .setTransferAddress("us-2:7")
                                .setLinkBytesPerSecond(5)
                                .build());
    }

    @Test
    @Tag("PKG-3")
    void anOrderHandsOnTheFilesOfAChannel() throws Exception {
        FakeAgent agent = fencedAgent();
        ChannelCopy copy =
                new ChannelCopy(
                        new ChannelVersions("stable", 1, 9, 9, 9),
                        new TreeMap<>(
                                Map.of(
                                        "9.targets.json", Blob.of(new byte[] {9, 9}),
                                        "timestamp.json", Blob.of(new byte[] {1}))));

        fleet.send(
                NODE,
                command(
                        "c-1",
                        new AgentWork.Stage(
                                Blob.of(new byte[] {1}),
                                Blob.of(new byte[] {2}),
                                List.of(),
                                List.of(),
                                0,
                                List.of(copy.versions()),
                                List.of(copy),
                                Optional.empty())));

        assertThat(agent.hears().getCommand().getStage().getChannelFilesList())
                .containsExactly(
                        ChannelFiles.newBuilder()
                                .setChannel("stable")
                                .addFiles(file("9.targets.json", 9, 9))
                                .addFiles(file("timestamp.json", 1))
                                .build());
    }

    private static ChannelFile file(String name, int... bytes) {
        ByteString.Output content = ByteString.newOutput();
        for (int each : bytes) {
            content.write(each);
        }
        return ChannelFile.newBuilder().setName(name).setContent(content.toByteString()).build();
    }

    @Test
    @Tag("PKG-3")
    void aReportSaysWhichChannelsTheNodeHasVerified() throws Exception {
        NodeReport report =
                NodeReport.newBuilder()
                        .addVerifiedChannels(
                                dev.sluice.v1.ChannelVersions.newBuilder()
                                        .setName("stable")
                                        .setRoot(2)
                                        .setTargets(9))
                        .build();

        assertThat(ReportReader.read(report).facts().verified())
                .containsExactly(Map.entry("stable", new NodeFacts.VerifiedChannel(2, 9)));
    }

    @Test
    @Tag("PKG-4")
    void aReportSaysFromWhomEachHalfIsPulled() throws Exception {
        NodeReport report =
                NodeReport.newBuilder()
                        .addStaged(
                                StagedPackage.newBuilder()
                                        .setContentSha256("ab".repeat(32))
                                        .setSource("eu-1:7")
                                        .setSecondHalfSource("eu-2:7"))
                        .addStaged(
                                StagedPackage.newBuilder()
                                        .setContentSha256("cd".repeat(32))
                                        .setSource("eu-1:7"))
                        .build();

        List<NodeFacts.Staged> staged = ReportReader.read(report).facts().staged();
        assertThat(staged.getFirst().source()).isEqualTo("eu-1:7");
        assertThat(staged.getFirst().secondHalfSource()).isEqualTo("eu-2:7");
        assertThat(staged.getLast().secondHalfSource()).as("of a release before").isEmpty();
    }

    @Test
    @Tag("PKG-4")
    void aReportSaysWhatPatchesHaveToDoWithAPackage() throws Exception {
        NodeReport report =
                NodeReport.newBuilder()
                        .addStaged(
                                StagedPackage.newBuilder()
                                        .setContentSha256("ab".repeat(32))
                                        .setComplete(true)
                                        .setPatchable(true)
                                        .setPatchSha256("cd".repeat(32))
                                        .setPatchBytesPresent(77)
                                        .putFailedPatches("ef".repeat(32), "the leaf at 0"))
                        .build();

        assertThat(ReportReader.read(report).facts().staged().getFirst().patching())
                .isEqualTo(
                        new NodeFacts.Patching(
                                true,
                                "cd".repeat(32),
                                77,
                                new TreeSet<>(List.of("ef".repeat(32)))));
        NodeReport before =
                NodeReport.newBuilder()
                        .addStaged(
                                StagedPackage.newBuilder()
                                        .setContentSha256("ab".repeat(32))
                                        .setComplete(true))
                        .build();
        assertThat(ReportReader.read(before).facts().staged().getFirst().patching())
                .isEqualTo(NodeFacts.Patching.NONE);
    }

    @Test
    @Tag("PKG-4")
    void aReportSaysWhatAPackageIsByItsManifest() throws Exception {
        StagedPackage told =
                StagedPackage.newBuilder()
                        .setPackage(
                                dev.sluice.v1.PackageRef.newBuilder()
                                        .setName("site")
                                        .setVersion("25.1.0"))
                        .setContentSha256("ab".repeat(32))
                        .setMerkleRoot("cd".repeat(32))
                        .build();
        NodeReport report =
                NodeReport.newBuilder()
                        .addStaged(told)
                        .addStaged(told.toBuilder().clearMerkleRoot())
                        .addStaged(told.toBuilder().setMerkleRoot("../root"))
                        .addStaged(told.toBuilder().clearPackage())
                        .build();

        Report reading = ReportReader.read(report);

        List<NodeFacts.Staged> staged = reading.facts().staged();
        assertThat(staged.getFirst().about())
                .contains(
                        new NodeFacts.About(
                                new PackageRef(new PackageName("site"), Version.parse("25.1.0")),
                                "cd".repeat(32)));
        assertThat(staged.get(1).about()).as("of a release before").isEmpty();
        assertThat(staged.get(2).about()).isEmpty();
        assertThat(staged.get(3).about()).isEmpty();
        assertThat(reading.remarks())
                .hasSize(2)
                .first()
                .asString()
                .contains("merkle_root \"../root\": expected a SHA-256");
    }

    @Test
    void aNodeCanActOnlyAsItself() throws Exception {
        Status end = agent("eu-3").hello("eu-4").ends();

        assertThat(end.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(end.getDescription())
                .isEqualTo(
                        "sluice://node/eu-3 says it is node \"eu-4\"; a node can act only as itself");
        assertThat(fleet.observe()).isEmpty();
    }

    @Test
    void anOperatorIsNoNode() throws Exception {
        Status end = new FakeAgent(master.channel(PeerName.operator("eu-3"))).hello("eu-3").ends();

        assertThat(end.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(end.getDescription()).contains("sluice://operator/eu-3", "NODE");
        assertThat(fleet.observe()).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void aNodeOutsideTheTopologyIsRefused() throws Exception {
        Status end = agent("us-1").hello("us-1").ends();

        assertThat(end.getCode()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(end.getDescription())
                .contains("node us-1 is not in the topology that master m-a knows");
        assertThat(fleet.observe()).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void whoDoesNotBeginWithHelloIsRefused() throws Exception {
        FakeAgent agent = agent("eu-3");
        agent.done("c-1", "");

        Status end = agent.ends();
        assertThat(end.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(end.getDescription()).contains("expected Hello first, found RESULT");
    }

    @Test
    @Tag("REL-3")
    void aReportWithTooManyEntriesEndsTheSessionWithTheReason() throws Exception {
        FakeAgent agent = agent("eu-3").hello("eu-3");
        var report = agent.report();
        for (int i = 0; i <= ReportReader.MAX_ENTRIES; i++) {
            report.putReceivedBytes("n" + i, 1);
        }
        agent.reports(report);

        Status end = agent.ends();
        assertThat(end.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(end.getDescription())
                .contains("sluice://node/eu-3", "257 entries, at most 256 expected");
        await(() -> !seen().connected());
    }

    @Test
    @Tag("REL-3")
    void aReportLargerThanAMebibyteEndsTheSession() throws Exception {
        FakeAgent agent = agent("eu-3").hello("eu-3");
        agent.reports(agent.report().setActivity("x".repeat(1 << 20)));

        assertThat(agent.ends().isOk()).isFalse();
        await(() -> !seen().connected());
        assertThat(requireNonNull(seen().facts()).activity()).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void aBallotThatNoMasterCouldHaveEndsTheSession() throws Exception {
        FakeAgent agent = fencedAgent();
        agent.refuses(BALLOT, new Ballot(0, -1, MASTER, 1));

        assertThat(agent.ends().getDescription()).contains("ballot generation 0, counter 184467");
        assertThat(higher).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aWitnessIsAskedByAMasterThatFollowsAndItsReplyIsHeard() throws Exception {
        FakeAgent agent = agent("eu-3").hello("eu-3");
        assertThat(agent.hears().hasWelcome()).isTrue();
        assertThat(fleet.present())
                .containsExactly(
                        Map.entry(
                                NODE,
                                new WitnessLink.Presence(new StoreId(FakeAgent.STORE), null)));

        fleet.ask(NODE, 8, new WitnessRequest.Prepare(BALLOT));
        assertThat(agent.hears().getWitness())
                .isEqualTo(WitnessWire.encode(8, new WitnessRequest.Prepare(BALLOT)));
        agent.replies(reply().setRequestId(8).setGranted(true));

        WitnessReply expected =
                new WitnessReply(new StoreId(FakeAgent.STORE), true, "", BALLOT, null);
        assertThat(replies.poll(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isEqualTo("eu-3 8 " + expected);
    }

    private static dev.sluice.v1.WitnessReply.Builder reply() {
        return dev.sluice.v1.WitnessReply.newBuilder()
                .setStoreId(FakeAgent.STORE)
                .setPromised(WitnessWire.encode(BALLOT));
    }

    static Stream<Arguments> malformedReplies() {
        var register =
                dev.sluice.v1.WitnessRegister.newBuilder()
                        .setBallot(WitnessWire.encode(BALLOT))
                        .addInSync(
                                dev.sluice.v1.Replica.newBuilder()
                                        .setMasterId("m-a")
                                        .setStoreId("j-1"));
        var members = dev.sluice.v1.WitnessSet.newBuilder();
        for (int i = 0; i <= WitnessWire.MAX_MEMBERS; i++) {
            members.addMembers(
                    dev.sluice.v1.WitnessMember.newBuilder().setNodeId("n" + i).setStoreId("s"));
        }
        return Stream.of(
                Arguments.of(reply().setStoreId("no such/form"), "store id: expected"),
                Arguments.of(reply().setStoreId("0ther"), "expected store id 5eed as in Hello"),
                Arguments.of(
                        reply().setPromised(dev.sluice.v1.Ballot.newBuilder().setCounter(-1)),
                        "ballot generation 0, counter 184467"),
                Arguments.of(
                        reply().setRegister(register.clone().setSequence(-1)),
                        "register sequence 184467"),
                Arguments.of(
                        reply().setRegister(register.clone().setWitnesses(members)),
                        "witness set has 17 members, at most 16 expected"),
                Arguments.of(reply().setRegister(register), "no member"));
    }

    @ParameterizedTest
    @MethodSource("malformedReplies")
    @Tag("REL-3")
    void aMalformedReplyOfAWitnessEndsTheSession(
            dev.sluice.v1.WitnessReply.Builder malformed, String reason) throws Exception {
        FakeAgent agent = agent("eu-3").hello("eu-3");
        agent.replies(malformed);

        Status end = agent.ends();
        assertThat(end.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(end.getDescription()).contains("sluice://node/eu-3: ", reason);
        assertThat(replies).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void aHelloWithAMalformedStoreIdIsRefused() throws Exception {
        Status end = agent("eu-3").hello("eu-3", "UPPER").ends();

        assertThat(end.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(end.getDescription()).contains("store id: expected").contains("\"UPPER\"");
        assertThat(fleet.observe()).isEmpty();
    }

    @Test
    void aNewerSessionReplacesTheOlder() throws Exception {
        FakeAgent old = agent("eu-3").hello("eu-3");
        var _ = old.hears();
        FakeAgent fresh = agent("eu-3").hello("eu-3");

        assertThat(fresh.hears().getMessageCase()).isEqualTo(MessageCase.WELCOME);
        assertThat(old.ends().getDescription()).contains("replaced by its session 2");
        assertThat(seen().session()).isEqualTo(2);
        assertThat(seen().connected()).isTrue();
    }

    @Test
    void anAgentThatLeavesIsKnownAndDisconnected() throws Exception {
        FakeAgent agent = agent("eu-3").hello("eu-3");
        var _ = agent.hears();
        agent.leaves();

        await(() -> !seen().connected());
        assertThat(agent.ends()).isEqualTo(Status.OK);
        assertThat(seen().facts()).isNotNull();
    }

    @Test
    @Tag("REL-4")
    void sessionsWithoutReportsAndStreamsWithoutHelloAreEnded() throws Exception {
        FakeAgent silent = agent("eu-3").hello("eu-3");
        var _ = silent.hears();
        nanos.addAndGet(Fleet.MAX_SILENCE.toNanos() + 1);
        endpoint.expireSilent();

        assertThat(silent.ends().getDescription()).isEqualTo("node eu-3: no report for 10 s");
        assertThat(seen().connected()).isFalse();
    }
}
