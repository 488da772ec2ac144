package dev.sluice.agent;

import static dev.sluice.agent.AgentBed.command;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.AgentBed.Built;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.Command;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.SetAdmission;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent's program: killed, provisioned, and started with what it cannot use. */
final class AgentProcessTest {

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

    private AgentProcess agent(Path config) throws IOException {
        return AgentProcess.start(root.resolve("agent.log"), "--config", config.toString());
    }

    private Path provisioned(Built site) throws Exception {
        Path config = bed.writeConfig("");
        try (AgentProcess provision =
                AgentProcess.start(
                        root.resolve("provision.log"),
                        "provision",
                        "--config",
                        config.toString(),
                        "--package",
                        site.file().toString(),
                        "--accepting",
                        "true")) {
            assertThat(provision.exitCode()).isZero();
        }
        return config;
    }

    private NodeReport awaitRunning(String version) throws InterruptedException {
        return master.awaitReport(
                it -> it.getService().getVersion().equals(version) && it.getService().getHealthy());
    }

    @Test
    @Tag("CLU-15")
    void aKilledAgentDisturbsNobodyAndTheNextOneAdoptsTheSite() throws Exception {
        Path config = provisioned(bed.site("24.1.0"));
        int pid;
        try (AgentProcess first = agent(config)) {
            master.awaitHello();
            master.awaitReport(NodeReport::getAccepting);
            pid = awaitRunning("24.1.0").getService().getPid();
            try (SiteClient client = new SiteClient(bed.sitePort())) {
                assertThat(client.greeting()).isEqualTo("WELCOME 24.1.0 eu-1");
                first.kill();
                assertThat(client.ping()).isEqualTo("PONG 1 24.1.0");
                try (AgentProcess _ = agent(config)) {
                    master.awaitHello();
                    NodeReport report = awaitRunning("24.1.0");

                    assertThat(report.getService().getPid()).isEqualTo(pid);
                    assertThat(report.getAccepting()).isTrue();
                    assertThat(client.ping()).isEqualTo("PONG 1 24.1.0");
                }
            }
        }
    }

    @Test
    @Tag("CLU-15")
    void anInstallDuringWhichTheAgentIsKilledIsFinishedByTheCommandThatIsSentAgain()
            throws Exception {
        Path config = provisioned(bed.site("24.1.0"));
        Built next = bed.site("24.2.0");
        Command install = command("install", 1).setInstall(next.install()).build();
        try (AgentProcess first = agent(config)) {
            master.awaitHello();
            awaitRunning("24.1.0");
            master.execute(
                    command("close", 1)
                            .setSetAdmission(SetAdmission.newBuilder().setAccepting(false)));
            master.execute(command("stage", 1).setStage(next.stage(master)));
            master.send(install);
            master.awaitReport(it -> it.getActivity().startsWith("waiting for site 24.2.0"));
            first.kill();
        }
        try (AgentProcess _ = agent(config)) {
            master.awaitHello();
            CommandResult result = master.execute(install.toBuilder());

            assertThat(result.hasDone()).as(result.getFailed().getReason()).isTrue();
            assertThat(result.getReport().getService().getVersion()).isEqualTo("24.2.0");
            assertThat(result.getReport().getAccepting()).isFalse();
        }
    }

    @Test
    void anAgentThatIsToldToStopLeavesTheSiteRunning() throws Exception {
        Path config = provisioned(bed.site("24.1.0"));
        try (AgentProcess agent = agent(config)) {
            master.awaitHello();
            master.awaitReport(NodeReport::getAccepting);
            awaitRunning("24.1.0");
            agent.stop();

            assertThat(agent.exitCode()).isZero();
            assertThat(Files.readString(root.resolve("agent.log")))
                    .containsPattern(
                            "\\d{3}Z INFO +ServiceProcess service site 24.1.0: started, pid")
                    .doesNotContain("|-");
            try (SiteClient client = new SiteClient(bed.sitePort())) {
                assertThat(client.ping()).isEqualTo("PONG 1 24.1.0");
            }
        }
    }

    private void refuses(Path config, String... messages) {
        StringWriter errors = new StringWriter();
        int code = AgentMain.execute(new PrintWriter(errors, true), "--config", config.toString());

        assertThat(errors.toString()).startsWith("sluice-agent: ").contains(messages);
        assertThat(errors.toString().lines()).hasSize(1);
        assertThat(code).isEqualTo(1);
    }

    @Test
    @Tag("REL-3")
    void aPortInUseIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Path config = bed.writeConfig("");
            String address = "127.0.0.1:" + taken.getLocalPort();
            Files.writeString(
                    config,
                    Files.readString(config).replace("listen: 127.0.0.1:0", "listen: " + address));

            refuses(config, "listen address " + address + ": cannot be bound");
        }
    }

    @Test
    @Tag("REL-3")
    void theCertificateOfAnotherNodeIsNamed() throws Exception {
        bed.issue(PeerName.node("eu-2"), root.resolve("tls2"));
        Path config = bed.writeConfig("");
        Files.writeString(config, Files.readString(config).replace("tls/", "tls2/"));

        refuses(
                config,
                "tls2/cert.pem: expected a certificate of sluice://node/eu-1, found one of sluice://node/eu-2");
    }

    @Test
    @Tag("REL-3")
    void aDataDirectoryThatCannotBeUsedIsNamed() throws Exception {
        Path config = bed.writeConfig("");
        Files.writeString(bed.dataDir(), "a file");

        refuses(config, "data directory " + bed.dataDir() + ": expected to write there");
    }

    @Test
    @Tag("REL-3")
    void aDataDirectoryInUseIsNamed() throws Exception {
        Path config = bed.writeConfig("");
        try (AgentProcess _ = agent(config)) {
            master.awaitHello();

            refuses(config, "data directory " + bed.dataDir() + ": in use by another agent");
        }
    }

    @Test
    @Tag("REL-3")
    void aDamagedLedgerIsNamedWithItsOffset() throws Exception {
        Path config = bed.writeConfig("");
        Files.createDirectories(bed.dataDir());
        Path ledger = bed.dataDir().resolve("ledger");
        Files.writeString(ledger, "00000000 {\"is\":\"founded\",\"node\":\"eu-1\"}\n");

        refuses(config, "ledger " + ledger + ": the record at offset 0 is damaged");
        assertThat(Files.readString(ledger)).startsWith("00000000");
    }

    @Test
    @Tag("VLT-1")
    void credentialsThatOthersCanReadAreRefusedWithoutShowingThem() throws Exception {
        Path login = Files.writeString(root.resolve("login"), "agent:secret-enough\n");
        Files.setPosixFilePermissions(login, PosixFilePermissions.fromString("rw-r--r--"));
        Path config =
                bed.writeConfig(
                        "hardware: {driver: redfish, url: 'https://127.0.0.1:1', systemId: a, ca: tls/ca.pem, credentialsFile: login}");
        StringWriter errors = new StringWriter();

        AgentMain.execute(new PrintWriter(errors, true), "--config", config.toString());

        assertThat(errors.toString())
                .contains("expected mode 0600, found rw-r--r--")
                .doesNotContain("secret");
    }

    @Test
    @Tag("PKG-3")
    void provisioningRefusesATamperedPackageAndInstallsNothing() throws Exception {
        Built site = bed.site("24.1.0");
        byte[] bytes = Files.readAllBytes(site.file());
        bytes[bytes.length / 2] ^= 1;
        Files.write(site.file(), bytes);
        StringWriter errors = new StringWriter();

        int code =
                AgentMain.execute(
                        new PrintWriter(errors, true),
                        "provision",
                        "--config",
                        bed.writeConfig("").toString(),
                        "--package",
                        site.file().toString());

        assertThat(code).isEqualTo(1);
        assertThat(errors.toString()).contains(site.file().toString());
        assertThat(bed.dataDir().resolve("slots")).doesNotExist();
    }
}
