package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import dev.sluice.cli.command.Surroundings;
import dev.sluice.cli.render.SampleUpgrade;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.AcceptEulaRequest;
import dev.sluice.v1.ImportFromChannelRequest;
import dev.sluice.v1.PackageRef;
import dev.sluice.v1.PlanUpgradeRequest;
import dev.sluice.v1.PlanUpgradeResponse;
import dev.sluice.v1.StartUpgradeRequest;
import dev.sluice.v1.WatchEventsResponse;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SluiceCliTest {
    private static final CertificateAuthority AUTHORITY = authority("acme");

    @TempDir Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<Duration> pauses = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong();
    private FakeMaster master;

    @BeforeEach
    void startMaster() throws IOException {
        master = FakeMaster.start(AUTHORITY, PeerName.master("m-a"));
        AUTHORITY
                .issue(PeerName.operator("kim"), Set.of(), Duration.ofHours(1))
                .store(Files.createDirectory(folder.resolve("kim")));
        context(master.address());
    }

    @AfterEach
    void stopMaster() {
        master.close();
    }

    @Test
    @Tag("OPS-1")
    void printsTheStatusAsTableJsonAndYaml() {
        assertThat(run("status")).isZero();
        Golden.matches("status.txt", out.toString(StandardCharsets.UTF_8));
        out.reset();

        assertThat(run("status", "-o", "json")).isZero();
        Golden.matches("status.json", out.toString(StandardCharsets.UTF_8));
        out.reset();

        assertThat(run("-o", "yaml", "status")).isZero();
        Golden.matches("status.yaml", out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void goesToTheNextAddressWhenNobodyListensAtTheFirst() throws IOException {
        context(deadAddress(), master.address());

        assertThat(run("status")).as(err.toString(StandardCharsets.UTF_8)).isZero();
    }

    @Test
    void goesToTheNextAddressWhenAMasterSaysThatItIsNotThePrimary() throws Exception {
        master.refuse(
                FakeMaster.refusal(
                        Code.FAILED_PRECONDITION,
                        "m-a is not the primary",
                        "NOT_PRIMARY",
                        Map.of("subject", "m-a")));
        try (FakeMaster primary = FakeMaster.start(AUTHORITY, PeerName.master("m-b"))) {
            context(master.address(), primary.address());

            assertThat(run("upgrade", "pause")).isZero();
            assertThat(primary.asked()).hasSize(1);
        }
    }

    @Test
    @Tag("OPS-1")
    void saysWhyNoMasterCouldBeReached() throws IOException {
        context(deadAddress());

        assertThat(run("status")).isEqualTo(3);
        assertThat(err()).contains("no master of acme", "Connection refused", "next:");
    }

    @Test
    @Tag("REL-3")
    void refusesAMasterOfAnotherClustersAuthority() throws Exception {
        try (FakeMaster stranger = FakeMaster.start(authority("other"), PeerName.master("m-a"))) {
            context(stranger.address());

            assertThat(run("status")).isEqualTo(3);
            assertThat(err()).contains("not one of this cluster's authority");
            assertThat(stranger.asked()).isEmpty();
        }
    }

    @Test
    @Tag("REL-3")
    void refusesANodeThatPosesAsAMaster() throws Exception {
        try (FakeMaster node = FakeMaster.start(AUTHORITY, PeerName.node("eu-1"))) {
            context(node.address());

            assertThat(run("status")).isEqualTo(3);
            assertThat(err()).contains("sluice://master/ID", "sluice://node/eu-1");
            assertThat(node.asked()).isEmpty();
        }
    }

    @Test
    @Tag("REL-3")
    void isTurnedAwayWithACertificateThatIsNotAnOperators() throws Exception {
        AUTHORITY
                .issue(PeerName.node("eu-1"), Set.of(), Duration.ofHours(1))
                .store(Files.createDirectory(folder.resolve("node")));

        int exit =
                run(
                        "status",
                        "--certificate",
                        folder.resolve("node/cert.pem").toString(),
                        "--key",
                        folder.resolve("node/key.pem").toString());

        assertThat(exit).isEqualTo(3);
        assertThat(master.asked()).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void namesTheFileThatIsNoCertificate() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.pem"), "nothing");

        assertThat(run("status", "--ca", broken.toString())).isEqualTo(1);
        assertThat(err()).contains("broken.pem", "expected");
        assertThat(run("status", "--key", folder.resolve("kim/cert.pem").toString())).isEqualTo(1);
        assertThat(err()).contains("cert.pem: expected an unencrypted private key");
        assertThat(run("status", "--key", folder.resolve("none").toString())).isEqualTo(1);
        assertThat(err()).contains("no such file");
    }

    @Test
    @Tag("OPS-1")
    void tellsARefusalWithSubjectExpectedFoundAndReason() {
        master.refuse(
                FakeMaster.refusal(
                        Code.FAILED_PRECONDITION,
                        "the upgrade is over",
                        "UPGRADE_NOT_RUNNING",
                        Map.of("subject", "p-7", "expected", "RUNNING", "found", "COMPLETED")));

        assertThat(run("upgrade", "pause")).isEqualTo(2);
        assertThat(err())
                .startsWith("sluice: refused: the upgrade is over\n")
                .contains(
                        "  subject: p-7\n  expected: RUNNING\n  found: COMPLETED\n  reason:"
                                + " UPGRADE_NOT_RUNNING\n");
        err.reset();

        assertThat(run("upgrade", "pause", "-o", "json")).isEqualTo(2);
        assertThat(err()).contains("\"reason\" : \"UPGRADE_NOT_RUNNING\"", "\"exitCode\" : 2");
    }

    @Test
    void badInputAtTheMasterIsExitCodeOneAndADefectSeventy() {
        master.refuse(
                FakeMaster.refusal(
                        Code.INVALID_ARGUMENT, "strategy: no such", "BAD_STRATEGY", Map.of()));
        assertThat(run("upgrade", "plan", "--target", "site=25.1.0")).isEqualTo(1);

        master.refuse(Status.INTERNAL.withDescription("oops").asRuntimeException());
        assertThat(run("upgrade", "plan", "--target", "site=25.1.0")).isEqualTo(70);
    }

    @Test
    @Tag("OPS-1")
    void printsThePlansDocumentWithItsId() {
        master.answerPlan(
                PlanUpgradeResponse.newBuilder()
                        .setPlanId("p-7")
                        .setDocumentJson(
                                """
                                {"strategy":"CLUSTER","target":{"site":"25.1.0"},
                                "path":[{"package":"site","version":"25.1.0"}],
                                "halves":{"eu":{"first":["eu-2"],"second":["eu-1"]}},
                                "steps":[{"id":"s1","phase":"PREPARE","kind":"BACKUP","node":"m-a",
                                "region":"eu","after":[]},{"id":"s2","phase":"FIRST_HALF",
                                "kind":"INSTALL","node":"eu-2","region":"eu","package":"site",
                                "version":"25.1.0","after":["s1"]}],
                                "report":[{"subject":"eu-1","waitsFor":"eu-2","reason":"half"}],
                                "warnings":["eu has one zone"]}
                                """)
                        .build());

        assertThat(run("upgrade", "plan", "--target", "site=25.1.0", "--dry-run")).isZero();
        Golden.matches("plan.txt", out.toString(StandardCharsets.UTF_8));
        out.reset();
        assertThat(run("upgrade", "plan", "--target", "site=25.1.0", "-o", "json")).isZero();
        Golden.matches("plan.json", out.toString(StandardCharsets.UTF_8));

        assertThat(master.asked().getFirst())
                .isEqualTo(
                        PlanUpgradeRequest.newBuilder()
                                .putTarget("site", "25.1.0")
                                .setDryRun(true)
                                .build());
    }

    @Test
    void aRefusedPlanPrintsItsReasonsAndEndsWithTwo() {
        master.answerPlan(
                PlanUpgradeResponse.newBuilder()
                        .setRefused(true)
                        .setDocumentJson(
                                "{\"refused\":[{\"subject\":\"site 25.1.0\",\"reason\":\"no such"
                                        + " version\"}]}")
                        .build());

        assertThat(run("upgrade", "plan", "--target", "site=25.1.0")).isEqualTo(2);
        assertThat(out()).contains("site 25.1.0  no such version");
    }

    @Test
    @Tag("REL-3")
    void badCommandLinesChangeNothingAndEndWithOne() {
        List<List<String>> bad =
                List.of(
                        List.of("statsu"),
                        List.of("upgrade"),
                        List.of("upgrade", "plan"),
                        List.of("upgrade", "plan", "--target", "site"),
                        List.of("upgrade", "plan", "--target", "site=1", "--target", "site=2"),
                        List.of("upgrade", "confirm", "s1", "--cut", "--extend"),
                        List.of("events", "--from", "x"),
                        List.of("status", "-o", "xml"),
                        List.of("status", "--timeout", "PT0S"),
                        List.of("status", "--address", "nowhere"),
                        List.of("packages", "import", "missing.pkg"),
                        List.of("demo", "--json"));

        for (List<String> arguments : bad) {
            err.reset();
            assertThat(run(arguments.toArray(String[]::new))).as("%s", arguments).isEqualTo(1);
            assertThat(err()).as("%s", arguments).startsWith("sluice: ");
        }
        assertThat(master.asked()).isEmpty();
    }

    @Test
    @Tag("OPS-1")
    void watchesAcrossTheLossOfTheMasterAndEndsWithTheOutcome() {
        master.brokenWatch(Status.UNAVAILABLE, SampleUpgrade.draining());
        master.watch(SampleUpgrade.completed());

        assertThat(run("upgrade", "start", "p-7", "--watch")).isZero();
        Golden.matches("watch.txt", out.toString(StandardCharsets.UTF_8));
        assertThat(err()).contains("Connection lost, trying again");
        assertThat(pauses).hasSize(1);
        assertThat(master.asked())
                .contains(StartUpgradeRequest.newBuilder().setPlanId("p-7").build());
    }

    @Test
    void watchFindsTheNewMasterAtTheSharedAddress() throws Exception {
        master.watch(SampleUpgrade.draining());
        int port = master.port();
        List<FakeMaster> successor = new ArrayList<>();
        Runnable switchPrimary =
                () -> {
                    try {
                        if (successor.isEmpty()) {
                            master.close();
                            FakeMaster next =
                                    FakeMaster.start(AUTHORITY, PeerName.master("m-b"), port);
                            next.watch(SampleUpgrade.completed());
                            successor.add(next);
                        }
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                };
        try {
            assertThat(runPausing(switchPrimary, "upgrade", "watch")).isZero();
            assertThat(out()).contains("primary: m-b");
        } finally {
            successor.forEach(FakeMaster::close);
        }
    }

    @Test
    void watchGivesUpWhenMastersStayAwayTooLong() {
        master.watch(SampleUpgrade.draining());

        int exit =
                runPausing(
                        () -> nanos.addAndGet(Duration.ofSeconds(40).toNanos()),
                        "upgrade",
                        "watch",
                        "--give-up-after",
                        "PT1M");

        assertThat(exit).isEqualTo(3);
        assertThat(err()).contains("nothing was heard for 60 s");
        assertThat(pauses).hasSize(2);
    }

    @Test
    @Tag("OPS-1")
    void aHaltedUpgradeEndsTheWatchWithFour() {
        master.watch(SampleUpgrade.halted());

        assertThat(run("upgrade", "watch", "-o", "json")).isEqualTo(4);
        assertThat(out().lines()).hasSize(1).allMatch(line -> line.contains("\"HALTED\""));
    }

    @Test
    void importsFilesByNameInChunks() throws IOException {
        Path file = folder.resolve("site.pkg");
        Files.write(file, new byte[700_000]);

        assertThat(run("packages", "import", file.toString())).as(err()).isZero();
        assertThat(out()).contains("site").contains("683.6 KiB");
        assertThat(master.asked()).containsExactly("site.pkg");
    }

    @Test
    @Tag("PKG-4")
    void waitsUntilEveryNodeHasAPackageAndSaysHowFarItIs() {
        assertThat(run("packages", "distribute", "site", "25.2.0", "--wait")).as(err()).isZero();

        assertThat(master.asked()).containsExactly("distribute site false");
        assertThat(err())
                .contains(
                        "site 25.2.0: 0 of 4 nodes, 0 %; transfers that have not begun wait: distribution.window opens at 22:00\n",
                        "site 25.2.0: 3 of 4 nodes, 75 %\n");
        assertThat(pauses).hasSize(4);
    }

    @Test
    void stopsADistributionAndDoesNotWaitForThat() {
        assertThat(run("packages", "distribute", "site", "25.2.0", "--stop")).isZero();
        assertThat(master.asked()).containsExactly("distribute site true");

        assertThat(run("packages", "distribute", "site", "25.2.0", "--stop", "--wait")).isOne();
        assertThat(err()).contains("expected one of them, found both");
    }

    @Test
    @Tag("PKG-4")
    void removesAPackageOrSaysWhatNeedsIt() {
        assertThat(run("packages", "remove", "site", "24.0.0")).as(err()).isZero();
        assertThat(out()).contains("site 24.0.0 is removed, 2.0 MiB");

        assertThat(run("packages", "remove", "site", "25.2.0")).isNotZero();
        assertThat(err()).contains("is needed: node eu-1 has it installed");
        assertThat(master.asked()).containsExactly("remove site 24.0.0", "remove site 25.2.0");
    }

    @Test
    @Tag("PKG-1")
    void aCheckOfTheChannelShowsWhatBlocksAPackage() {
        assertThat(run("packages", "check")).as(err()).isZero();
        assertThat(out()).contains("25.2.0", "BLOCKED", "enabled by site 25.1.0", "no");
    }

    @Test
    @Tag("PKG-1")
    void anImportFromTheChannelNamesWhatWasBrought() {
        assertThat(run("packages", "import", "--channel", "site:25.2.0")).as(err()).isZero();
        assertThat(out())
                .hasLineCount(3)
                .contains("25.1.0", "25.2.0")
                .doesNotContain("DOWNLOADING");
        assertThat(master.asked())
                .containsExactly(
                        ImportFromChannelRequest.newBuilder()
                                .setPackage(
                                        PackageRef.newBuilder()
                                                .setName("site")
                                                .setVersion("25.2.0"))
                                .build());
        assertThat(run("packages", "import", "--channel", "site")).isEqualTo(1);
        assertThat(run("packages", "import")).isEqualTo(1);
        assertThat(run("packages", "import", "a.sluice", "--channel", "site:1.0.0")).isEqualTo(1);
    }

    @Test
    @Tag("PKG-6")
    void licenceTermsAreShownBeforeTheyAreAccepted() {
        assertThat(run("packages", "accept", "site", "25.2.0")).as(err()).isZero();
        assertThat(out())
                .contains(
                        "You may use this.",
                        "To accept: sluice packages accept site 25.2.0 --eula-sha256 ab12");
        assertThat(master.asked()).noneMatch(AcceptEulaRequest.class::isInstance);

        assertThat(run("packages", "accept", "site", "25.2.0", "--eula-sha256", "ab12")).isZero();
        assertThat(out()).contains("accepted, on record");
        assertThat(master.asked()).anyMatch(AcceptEulaRequest.class::isInstance);
    }

    @Test
    @Tag("PKG-2")
    void aDeviceKeyIsWrittenToAFile() throws Exception {
        Path file = folder.resolve("cluster.key");

        assertThat(run("packages", "device-key", "--file", file.toString())).as(err()).isZero();
        assertThat(file).hasContent("the key");
    }

    @Test
    @Tag("OPS-1")
    void helpListsTheVendorsCommandsToo() {
        assertThat(run("packages", "--help")).isZero();
        assertThat(out()).contains("build", "sign", "inspect", "verify", "check", "accept");
        assertThat(run("--help")).isZero();
        assertThat(out()).contains("channel");
    }

    @Test
    void printsEventsALineEach() {
        master.event(WatchEventsResponse.newBuilder().setIndex(1).setType("A").build());
        master.event(
                WatchEventsResponse.newBuilder()
                        .setIndex(2)
                        .setType("StepStarted")
                        .setSummary("s1 began\u001b[2J")
                        .setActor("kim")
                        .build());

        assertThat(run("events", "--from", "2")).isZero();
        assertThat(out()).hasLineCount(1).contains("StepStarted", "s1 began [2J (kim)");
    }

    @Test
    @Tag("OPS-1")
    void completionNamesCommandsAndOptions() {
        assertThat(run("completion", "bash")).isZero();
        assertThat(out()).contains("upgrade", "--give-up-after", "complete -F");
    }

    @Test
    void helpListsTheProgramsThatTheLauncherRuns() {
        assertThat(run("--help")).isZero();
        assertThat(out()).contains("demo", "bench", "plan", "upgrade");
    }

    private int run(String... arguments) {
        return runPausing(() -> {}, arguments);
    }

    private int runPausing(Runnable whilePausing, String... arguments) {
        Surroundings surroundings =
                new Surroundings(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        Map.of("SLUICE_CONFIG", folder.resolve("contexts.yaml").toString()),
                        InstantSource.fixed(Instant.parse("2026-03-01T10:00:42.5Z")),
                        nanos::get,
                        length -> {
                            pauses.add(length);
                            whilePausing.run();
                        },
                        () -> false,
                        Optional::empty);
        return SluiceCli.run(surroundings, arguments);
    }

    private void context(String... addresses) throws IOException {
        Files.writeString(
                folder.resolve("contexts.yaml"),
                """
                contexts:
                  - name: acme
                    addresses: [%s]
                    tls: {ca: kim/ca.pem, certificate: kim/cert.pem, key: kim/key.pem}
                """
                        .formatted(
                                String.join(
                                        ", ",
                                        List.of(addresses).stream()
                                                .map(address -> "'" + address + "'")
                                                .toList())));
    }

    /** An address where nobody listens: its port was free a moment ago. */
    private static String deadAddress() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "127.0.0.1:" + socket.getLocalPort();
        }
    }

    private static CertificateAuthority authority(String name) {
        return CertificateAuthority.create(name, Duration.ofHours(2), InstantSource.system());
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
