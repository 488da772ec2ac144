package dev.sluice.agent;

import static dev.sluice.agent.AgentBed.command;
import static java.time.temporal.ChronoUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.agent.AgentBed.Built;
import dev.sluice.agent.trusted.TestChannel;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.packages.Requirement;
import dev.sluice.trust.packages.VersionRange;
import dev.sluice.v1.Accept;
import dev.sluice.v1.BallotRefused;
import dev.sluice.v1.ChannelFiles;
import dev.sluice.v1.ChannelVersions;
import dev.sluice.v1.Command;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.Hello;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.Prepare;
import dev.sluice.v1.PushConfiguration;
import dev.sluice.v1.Replica;
import dev.sluice.v1.SetAdmission;
import dev.sluice.v1.VerifyNode;
import dev.sluice.v1.WitnessMember;
import dev.sluice.v1.WitnessRegister;
import dev.sluice.v1.WitnessReply;
import dev.sluice.v1.WitnessRequest;
import dev.sluice.v1.WitnessSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One agent of a traffic node: real TLS, real files, a real site process. */
final class AgentTest {

    @TempDir private Path root = Path.of("");
    private AgentBed bed = unset();
    private TestMaster master = unset();

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // Set before each test.
    private static <T> T unset() {
        return null;
    }

    @BeforeEach
    void open() throws Exception {
        bed = new AgentBed(root);
        master = bed.master();
    }

    @AfterEach
    void close() throws Exception {
        bed.close();
    }

    private CommandResult stage(String id, Built site) throws InterruptedException {
        return master.execute(command(id, 1).setStage(site.stage(master)));
    }

    private CommandResult install(String id, Built site) throws InterruptedException {
        return master.execute(command(id, 1).setInstall(site.install()));
    }

    private CommandResult admit(String id, boolean accepting) throws InterruptedException {
        return master.execute(
                command(id, 1).setSetAdmission(SetAdmission.newBuilder().setAccepting(accepting)));
    }

    private void run(Built site) throws Exception {
        bed.startAgent();
        master.awaitHello();
        assertDone(stage("stage-first", site));
        assertDone(install("install-first", site));
    }

    private static CommandResult assertDone(CommandResult result) {
        assertThat(result.hasDone()).as(result.getFailed().getReason()).isTrue();
        return result;
    }

    private static void assertRefused(CommandResult result, String reason) {
        assertThat(result.getFailed().getReason()).contains(reason);
        assertThat(result.getFailed().getRetryable()).isFalse();
    }

    @Test
    void stagesInstallsAndOpensASite() throws Exception {
        bed.startAgent();
        Hello hello = master.awaitHello();
        assertThat(hello.getNodeId()).isEqualTo("eu-1");
        assertThat(hello.hasHighestBallot()).isFalse();
        assertThat(hello.getReport().getService().getRunning()).isFalse();
        assertThat(hello.getReport().getInstalledMap()).containsEntry("base", "6.2.0");

        Built site = bed.site("24.1.0");
        NodeReport staged = assertDone(stage("stage", site)).getReport();
        assertThat(staged.getStaged(0).getComplete()).isTrue();
        assertThat(staged.getStaged(0).getMerkleRoot())
                .isEqualTo(site.manifest().content().merkleRoot().hex());
        assertThat(staged.getReceivedBytesMap())
                .containsEntry("m-a", site.manifest().content().size());

        NodeReport report = assertDone(install("install", site)).getReport();
        assertThat(report.getInstalledMap()).containsEntry("site", "24.1.0");
        assertThat(report.getService().getVersion()).isEqualTo("24.1.0");
        assertThat(report.getAccepting()).isFalse();

        CommandResult opened = assertDone(admit("open", true));
        assertThat(opened.getDone().getEvidenceList())
                .containsExactly("admission is open, 0 clients are connected");
        assertThat(opened.getReport().getAccepting()).isTrue();
    }

    @Test
    @Tag("PKG-4")
    void whatIsCompleteIsNotTransferredAgain() throws Exception {
        bed.startAgent();
        master.awaitHello();
        Built site = bed.site("24.1.0");
        assertDone(stage("stage-1", site));
        CommandResult again = assertDone(stage("stage-2", site));

        assertThat(again.getDone().getEvidenceList())
                .contains("already complete, nothing was transferred");
        assertThat(master.reads()).hasSize(1);
    }

    @Test
    @Tag("PKG-4")
    void onlyTheVersionThatRunsAndTheOneBeforeStayUnpacked() throws Exception {
        run(bed.site("24.1.0"));
        for (String version : List.of("24.2.0", "24.3.0")) {
            Built next = bed.site(version);
            assertDone(stage("stage-" + version, next));
            assertDone(install("install-" + version, next));
        }

        Path slots = bed.dataDir().resolve("slots/site");
        try (Stream<Path> left = Files.list(slots)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("24.2.0", "24.3.0", "current", "previous");
        }
        assertThat(Files.readSymbolicLink(slots.resolve("current"))).hasToString("24.3.0");
    }

    @Test
    @Tag("PKG-4")
    void aTransferThatBrokeResumesWhereItEndedAlsoAfterARestartOfTheAgent() throws Exception {
        bed.startAgent();
        master.awaitHello();
        Built site = bed.site("24.1.0");
        master.breakReadsAfter(100_000);
        CommandResult broken = stage("stage-1", site);
        assertThat(broken.getFailed().getReason()).contains("UNAVAILABLE, after 100000 of");
        assertThat(broken.getFailed().getRetryable()).isTrue();
        bed.stopAgent();
        bed.startAgent();
        assertThat(master.awaitHello().getReport().getStaged(0).getBytesPresent())
                .isEqualTo(100_000);
        master.breakReadsAfter(Long.MAX_VALUE);

        NodeReport report = assertDone(stage("stage-2", site)).getReport();

        assertThat(master.reads().getLast().getOffset()).isEqualTo(100_000);
        assertThat(report.getReceivedBytesMap())
                .containsEntry("m-a", site.manifest().content().size());
    }

    @Test
    @Tag("PKG-3")
    void aPackageOfAnotherSignerIsRefusedAndLeavesNothingBehind() throws Exception {
        bed.startAgent();
        master.awaitHello();
        PackageSigningKey stranger =
                PackageSigningKey.create("stranger", Duration.ofDays(1), InstantSource.system());

        assertRefused(
                stage("stage", bed.site("24.1.0", stranger, draft -> draft)),
                "package refused: signed by CN=stranger");
        assertThat(master.reads()).isEmpty();
        assertThat(bed.dataDir().resolve("staged")).isEmptyDirectory();
    }

    @Test
    @Tag("PKG-3")
    void contentThatIsNotTheSignedOneIsRemoved() throws Exception {
        bed.startAgent();
        master.awaitHello();
        Built site = bed.site("24.1.0");
        flipByte(site.content(), 200_000);

        CommandResult result = stage("stage", site);

        assertThat(result.getFailed().getReason())
                .contains("m-a: content was changed: expected sha256 " + site.sha256())
                .contains("what was received is removed");
        assertThat(result.getReport().getStaged(0).getBytesPresent()).isZero();
    }

    @Test
    @Tag("PKG-3")
    void contentThatWasChangedOnThisDiskIsNotInstalled() throws Exception {
        bed.startAgent();
        master.awaitHello();
        Built site = bed.site("24.1.0");
        assertDone(stage("stage", site));
        flipByte(bed.dataDir().resolve("staged/" + site.sha256() + "/content"), 200_000);

        CommandResult result = install("install", site);

        assertRefused(result, "content was changed: expected sha256");
        assertThat(result.getReport().getStagedList()).isEmpty();
        assertThat(result.getReport().getInstalledMap()).doesNotContainKey("site");
    }

    private static ManifestDraft released(ManifestDraft draft, long counter) {
        return new ManifestDraft(
                draft.name(),
                draft.kind(),
                draft.version(),
                counter,
                draft.requires(),
                draft.minDirectUpgradeFrom(),
                draft.compatible(),
                draft.rebootRequired(),
                draft.invalidatesClients(),
                draft.soak(),
                draft.eula(),
                draft.installation());
    }

    @Test
    @Tag("PKG-3")
    void aReleaseOlderThanTheInstalledOneIsRefusedThoughItsVersionIsHigher() throws Exception {
        run(bed.site("24.1.0", draft -> released(draft, 9)));
        Built older = bed.site("24.2.0", draft -> released(draft, 8));
        assertDone(stage("stage-older", older));

        CommandResult result = install("older", older);

        assertRefused(result, "is release 8 of its name, and release 9 was installed here already");
        assertThat(result.getReport().getInstalledMap()).containsEntry("site", "24.1.0");
    }

    @Test
    @Tag("PKG-3")
    void aMasterThatKnowsLessOfAChannelThanBeforeIsNotFollowed() throws Exception {
        bed.startAgent();
        master.awaitHello();
        Built site = bed.site("24.1.0");
        ChannelVersions newer =
                ChannelVersions.newBuilder().setName("stable").setRoot(1).setTargets(9).build();
        assertDone(
                master.execute(
                        command("newer", 1).setStage(site.stage(master).addChannels(newer))));

        assertRefused(
                master.execute(
                        command("older", 1)
                                .setStage(
                                        site.stage(master)
                                                .addChannels(newer.toBuilder().setTargets(8)))),
                "this node was told of root 1 and targets 9");
    }

    private static final String NO_HARDWARE =
            "hardware: {driver: none}\ninitial: {packages: {base: 6.2.0}}\n";

    @Test
    @Tag("PKG-3")
    void aChannelWhoseRootIsPinnedIsVerifiedByTheNodeItself() throws Exception {
        TestChannel channel = new TestChannel("stable", Instant.now().truncatedTo(SECONDS));
        Built site = bed.site("24.1.0");
        Files.write(bed.dataDir().resolveSibling("channel-root.json"), channel.root());
        bed.startAgent(NO_HARDWARE + "channelRoots: [channel-root.json]");
        master.awaitHello();
        Manifest manifest = site.manifest();
        ChannelFiles sent = channel.publish(3, manifest).sent();

        CommandResult done =
                master.execute(
                        command("verified", 1).setStage(site.stage(master).addChannelFiles(sent)));

        assertDone(done);
        assertThat(done.getReport().getVerifiedChannelsList())
                .containsExactly(
                        ChannelVersions.newBuilder()
                                .setName("stable")
                                .setRoot(1)
                                .setTargets(3)
                                .build());
        assertRefused(
                master.execute(
                        command("older", 1)
                                .setStage(
                                        site.stage(master)
                                                .addChannelFiles(
                                                        channel.publish(2, manifest).sent()))),
                "timestamp.json: version 2 is older than 3, which was seen already");
        assertRefused(
                master.execute(
                        command("forged", 1)
                                .setStage(
                                        site.stage(master)
                                                .addChannelFiles(
                                                        new TestChannel(
                                                                        "stable",
                                                                        Instant.now()
                                                                                .truncatedTo(
                                                                                        SECONDS))
                                                                .publish(4, manifest)
                                                                .sent()))),
                "which is not one for this");
    }

    @Test
    @Tag("PKG-3")
    void aPackageThatTheChannelOffersOtherwiseIsNeitherStagedNorInstalled() throws Exception {
        TestChannel channel = new TestChannel("stable", Instant.now().truncatedTo(SECONDS));
        Built offered = bed.site("24.1.0");
        Built other = bed.site("24.1.0", draft -> released(draft, 9));
        Files.write(bed.dataDir().resolveSibling("channel-root.json"), channel.root());
        bed.startAgent(NO_HARDWARE + "channelRoots: [channel-root.json]");
        master.awaitHello();
        assertDone(stage("before-the-channel", other));
        ChannelFiles sent = channel.publish(3, offered.manifest()).sent();

        assertRefused(
                master.execute(
                        command("other", 1).setStage(other.stage(master).addChannelFiles(sent))),
                "channel stable: the channel offers site 24.1.0 (release 1");
        assertRefused(install("install", other), "channel stable: the channel offers site 24.1.0");
    }

    @Test
    @Tag("PKG-3")
    void aPinnedRootThatIsNoneIsAnErrorAtTheStart() throws Exception {
        Files.writeString(bed.dataDir().resolveSibling("channel-root.json"), "{}");

        assertThatThrownBy(() -> bed.startAgent(NO_HARDWARE + "channelRoots: [channel-root.json]"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("channelRoots: ")
                .hasMessageContaining("channel-root.json");
        assertThatThrownBy(() -> bed.startAgent(NO_HARDWARE + "channelRoots: [none.json]"))
                .hasMessageContaining("none.json: cannot be read");
    }

    private static void flipByte(Path file, long at) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ 1)).flip();
            channel.write(one, at);
        }
    }

    @Test
    @Tag("PKG-5")
    void whatIsNotStagedOrOutOfOrderIsRefused() throws Exception {
        bed.startAgent();
        master.awaitHello();
        assertRefused(
                install("unstaged", bed.site("24.1.0")), "to be staged, found it is not complete");

        Built early = bed.site("25.1.0", AgentTest::needingBase7);
        assertDone(stage("stage", early));
        assertRefused(install("install", early), "site 25.1.0 requires base >=7.0.0, found 6.2.0");
        assertThat(bed.dataDir().resolve("slots/site/current")).doesNotExist();
    }

    private static ManifestDraft needingBase7(ManifestDraft draft) {
        return new ManifestDraft(
                draft.name(),
                draft.kind(),
                draft.version(),
                draft.releaseCounter(),
                List.of(new Requirement(new PackageName("base"), new VersionRange(">=7.0.0"))),
                null,
                List.of(),
                false,
                false,
                null,
                null,
                draft.installation());
    }

    @Test
    @Tag("CLU-3")
    void anInstallWaitsForAdmissionToBeClosedAndForClientsToLeave() throws Exception {
        run(bed.site("24.1.0"));
        Built next = bed.site("24.2.0");
        assertDone(stage("stage", next));
        assertDone(admit("open", true));
        assertRefused(install("while-open", next), "with admission closed, found it open");

        try (SiteClient client = new SiteClient(bed.sitePort())) {
            assertThat(client.greeting()).isEqualTo("WELCOME 24.1.0 eu-1");
            assertDone(admit("close", false));
            assertRefused(install("while-connected", next), "without connected clients, found 1");
            assertThat(client.ping()).isEqualTo("PONG 1 24.1.0");
            try (SiteClient late = new SiteClient(bed.sitePort())) {
                assertThat(late.greeting()).isEqualTo("NOT-ACCEPTING");
            }
        }
        master.awaitReport(report -> report.getSessionsOrDefault("customer", 1) == 0);
        NodeReport report = assertDone(install("drained", next)).getReport();
        assertThat(report.getPreviousMap()).containsExactly(Map.entry("site", "24.1.0"));
        assertThat(report.getService().getVersion()).isEqualTo("24.2.0");
        assertThat(report.getAccepting()).isFalse();
    }

    @Test
    @Tag("CLU-3")
    void clientsAreCutForAnInstallWhenTheOrderSaysSo() throws Exception {
        run(bed.site("24.1.0"));
        Built next = bed.site("24.2.0");
        assertDone(stage("stage", next));
        assertDone(admit("open", true));
        try (SiteClient client = new SiteClient(bed.sitePort())) {
            assertDone(admit("close", false));
            assertDone(
                    master.execute(
                            command("cut", 1).setInstall(next.install().setCutClients(true))));

            assertThat(client.ping()).isNull();
        }
    }

    @Test
    @Tag("REL-1")
    void aMasterWithALowerBallotIsRefusedAlsoAfterARestart() throws Exception {
        bed.startAgent();
        master.awaitHello();
        master.fence(TestMaster.ballot("m-b", 9));
        assertThat(
                        master.await(message -> message.hasFenced())
                                .getFenced()
                                .getBallot()
                                .getCounter())
                .isEqualTo(9);
        bed.stopAgent();
        bed.startAgent();
        assertThat(master.awaitHello().getHighestBallot()).isEqualTo(TestMaster.ballot("m-b", 9));

        master.send(command("old", 8).setStage(bed.site("24.1.0").stage(master)).build());

        BallotRefused refused = master.await(message -> message.hasRefused()).getRefused();
        assertThat(refused.getCommandId()).isEqualTo("old");
        assertThat(refused.getHighest()).isEqualTo(TestMaster.ballot("m-b", 9));
        assertThat(master.reads()).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void aPromiseAndARegisterOutliveTheAgentAndAreNoFence() throws Exception {
        bed.startAgent();
        String store = master.awaitHello().getStoreId();
        assertThat(store).matches("[0-9a-f]{32}");
        WitnessRegister register =
                WitnessRegister.newBuilder()
                        .setBallot(TestMaster.ballot("m-a", 5))
                        .setSequence(1)
                        .addInSync(Replica.newBuilder().setMasterId("m-a").setStoreId("j-1"))
                        .setWitnesses(
                                WitnessSet.newBuilder()
                                        .setVersion(1)
                                        .addMembers(
                                                WitnessMember.newBuilder()
                                                        .setNodeId("eu-1")
                                                        .setStoreId(store)))
                        .build();
        assertThat(
                        master.ask(
                                        1,
                                        WitnessRequest.newBuilder()
                                                .setAccept(
                                                        Accept.newBuilder().setRegister(register)))
                                .getGranted())
                .isTrue();
        assertThat(master.ask(2, prepare(9)).getGranted()).isTrue();
        bed.stopAgent();
        bed.startAgent();
        Hello again = master.awaitHello();
        assertThat(again.getStoreId()).isEqualTo(store);
        assertThat(again.hasHighestBallot()).isFalse();

        WitnessReply lower = master.ask(3, prepare(8));

        assertThat(lower.getGranted()).isFalse();
        assertThat(lower.getReason()).contains("is below").contains("which is promised");
        assertThat(lower.getStoreId()).isEqualTo(store);
        assertThat(lower.getPromised()).isEqualTo(TestMaster.ballot("m-a", 9));
        assertThat(lower.getRegister()).isEqualTo(register);
        assertThat(master.ask(4, prepare(9)).getGranted()).isTrue();
        assertThat(
                        master.ask(
                                        5,
                                        WitnessRequest.newBuilder()
                                                .setPrepare(
                                                        Prepare.newBuilder()
                                                                .setBallot(
                                                                        TestMaster.ballot(
                                                                                "m-b", 10))))
                                .getReason())
                .contains("expected one of master m-a, which is asking");
        assertThat(master.ask(6, WitnessRequest.newBuilder()).getReason())
                .contains("does not know the question");
        master.fence(TestMaster.ballot("m-a", 1));
        master.await(message -> message.hasFenced());
    }

    private static WitnessRequest.Builder prepare(long counter) {
        return WitnessRequest.newBuilder()
                .setPrepare(Prepare.newBuilder().setBallot(TestMaster.ballot("m-a", counter)));
    }

    @Test
    @Tag("CLU-15")
    void aCommandThatIsSentAgainReturnsItsRecordedResultAlsoAfterARestart() throws Exception {
        Built first = bed.site("24.1.0");
        run(first);
        long pid = bed.sitePid();
        bed.stopAgent();
        bed.startAgent();
        master.awaitHello();

        CommandResult again = assertDone(install("install-first", first));

        assertThat(again.getDone().getEvidenceList())
                .containsExactly("site 24.1.0 runs, it was not there");
        assertThat(bed.sitePid()).isEqualTo(pid);
        assertThat(assertDone(install("another-id", first)).getDone().getEvidenceList())
                .containsExactly("site 24.1.0 is installed and runs");
        assertThat(bed.sitePid()).isEqualTo(pid);
    }

    @Test
    @Tag("CLU-15")
    void theSiteAndItsClientsOutliveTheAgentWhichAdoptsThem() throws Exception {
        run(bed.site("24.1.0"));
        assertDone(admit("open", true));
        try (SiteClient client = new SiteClient(bed.sitePort())) {
            long pid = bed.sitePid();
            bed.stopAgent();
            assertThat(client.ping()).isEqualTo("PONG 1 24.1.0");
            bed.startAgent();
            master.awaitHello();

            NodeReport report =
                    master.awaitReport(it -> it.getService().getVersion().equals("24.1.0"));

            assertThat(report.getService().getPid()).isEqualTo((int) pid);
            assertThat(report.getAccepting()).isTrue();
            assertThat(report.getSessionsMap()).containsEntry("customer", 1);
            assertThat(client.ping()).isEqualTo("PONG 1 24.1.0");
        }
    }

    @Test
    @Tag("CLU-15")
    void aSiteThatDiesIsStartedAgainWithTheAdmissionThatItHad() throws Exception {
        run(bed.site("24.1.0"));
        assertDone(admit("open", true));
        long killed = bed.sitePid();
        ProcessHandle.of(killed).orElseThrow().destroyForcibly();

        NodeReport report =
                master.awaitReport(it ->
                        it.getService().getPid() != 0
                                && it.getService().getPid() != (int) killed
                                && it.getAccepting());

        assertThat(report.getService().getVersion()).isEqualTo("24.1.0");
    }

    @Test
    @Tag("PAIR-5")
    void verifyingObservesVersionsHealthASessionAndTheOperatorsScript() throws Exception {
        run(bed.site("24.1.0"));
        script("check", "echo fine for $SLUICE_NODE_ID");
        script("broken", "echo disk is slow; exit 3");

        CommandResult good = verify("v1", "24.1.0", "check");
        assertThat(assertDone(good).getDone().getEvidenceList())
                .contains(
                        "base 6.2.0 is installed",
                        "site 24.1.0 is installed",
                        "site 24.1.0 is running",
                        "a test session at 127.0.0.1:%d was welcomed by eu-1, version 24.1.0"
                                .formatted(bed.sitePort()),
                        "script check passed: fine for eu-1");

        assertThat(verify("v2", "24.2.0", "broken").getFailed().getReason())
                .contains("expected site 24.2.0 installed, found 24.1.0")
                .contains("expected site 24.2.0 running, found 24.1.0")
                .contains("script broken: expected exit code 0, found 3: disk is slow");
        assertThat(verify("v3", "24.1.0", "../check").getFailed().getReason())
                .contains("expected a file name of letters");
        assertThat(verify("v4", "24.1.0", "missing").getFailed().getReason())
                .contains("expected an executable file, found none");
    }

    private CommandResult verify(String id, String site, String script)
            throws InterruptedException {
        return master.execute(
                command(id, 1)
                        .setVerify(
                                VerifyNode.newBuilder()
                                        .putExpected("base", "6.2.0")
                                        .putExpected("site", site)
                                        .setSession(true)
                                        .setScript(script)));
    }

    private void script(String name, String body) throws IOException {
        Path scripts = Files.createDirectories(root.resolve("scripts"));
        Path file = Files.writeString(scripts.resolve(name), "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    @Tag("REL-3")
    void anOlderConfigurationIsRefusedAndTheNewOneReachesTheSite() throws Exception {
        bed.startAgent();
        master.awaitHello();
        CommandResult kept = assertDone(configure("c5", 5, "blue\nx=1"));
        assertThat(kept.getReport().getConfigurationRevision()).isEqualTo(5);
        assertThat(Files.readString(bed.dataDir().resolve("service/site.properties")))
                .isEqualTo("site.colour=blue\\nx\\=1\n");

        assertRefused(configure("c4", 4, "red"), "configuration revision 4 is older than 5");
        assertThat(Files.readString(bed.dataDir().resolve("service/site.properties")))
                .contains("blue");
    }

    private CommandResult configure(String id, long revision, String colour)
            throws InterruptedException {
        return master.execute(
                command(id, 1)
                        .setPushConfiguration(
                                PushConfiguration.newBuilder()
                                        .setRevision(revision)
                                        .putSettings("site.colour", colour)
                                        .putSettings("cluster.name", "acme")));
    }

    @Test
    void aSessionThatEndsIsOpenedAgainAndAResultIsAskedForAgain() throws Exception {
        bed.startAgent();
        Hello first = master.awaitHello();
        master.drop();
        Hello second = master.awaitHello();

        assertThat(second.getIncarnation()).isEqualTo(first.getIncarnation());
        assertThat(second.getReport().getSequence()).isGreaterThan(first.getReport().getSequence());
        Command command =
                command("open", 1)
                        .setSetAdmission(SetAdmission.newBuilder().setAccepting(false))
                        .build();
        assertDone(master.execute(command.toBuilder()));
    }
}
