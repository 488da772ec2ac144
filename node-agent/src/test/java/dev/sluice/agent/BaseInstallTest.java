package dev.sluice.agent;

import static dev.sluice.agent.AgentBed.command;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.AgentBed.Built;
import dev.sluice.sim.RunningRack;
import dev.sluice.sim.appliance.ApplianceSpec;
import dev.sluice.sim.appliance.Fault;
import dev.sluice.sim.rack.Rack;
import dev.sluice.sim.redfish.Credentials;
import dev.sluice.sim.redfish.Listen;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.VerifyNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Base packages through the Redfish service of a simulated appliance. */
final class BaseInstallTest {

    @TempDir private Path root = Path.of("");
    private AgentBed bed = unset();
    private TestMaster master = unset();
    private Optional<RunningRack> rack = Optional.empty();

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
        if (rack.isPresent()) {
            rack.get().close();
        }
    }

    private void start(Fault... faults) throws Exception {
        Path login = Files.writeString(root.resolve("bmc.login"), "agent:secret-enough\n");
        Files.setPosixFilePermissions(login, PosixFilePermissions.fromString("rw-------"));
        Listen.Tls tls = bed.serverCertificate("bmc");
        RunningRack started =
                RunningRack.start(
                        new Rack(
                                List.of(
                                        new Rack.Place(
                                                new ApplianceSpec(
                                                        "eu-1",
                                                        "sx-100",
                                                        "SIM-1",
                                                        "6.2.0",
                                                        Duration.ofMillis(300),
                                                        Duration.ofMillis(200),
                                                        Duration.ofMillis(100),
                                                        Duration.ZERO,
                                                        1,
                                                        List.of(faults)),
                                                0))),
                        root.resolve("rack"),
                        Credentials.read(login),
                        new Listen("127.0.0.1", Optional.of(tls)),
                        RunningRack.DEFAULT_MAX_IMAGE_BYTES,
                        System::nanoTime,
                        InstantSource.system());
        rack = Optional.of(started);
        bed.startAgentWithRedfish(started.url("eu-1"), login);
    }

    private CommandResult install(Built base) throws InterruptedException {
        CommandResult staged = master.execute(command("stage", 1).setStage(base.stage(master)));
        assertThat(staged.hasDone()).as(staged.getFailed().getReason()).isTrue();
        return master.execute(command("install", 1).setInstall(base.install()));
    }

    private CommandResult verify(String version) throws InterruptedException {
        return master.execute(
                command("verify-" + version, 1)
                        .setVerify(VerifyNode.newBuilder().putExpected("base", version)));
    }

    @Test
    @Tag("PKG-5")
    void aBasePackageIsHandedOverRestartedIntoAndReadBackFromTheHardware() throws Exception {
        start();
        assertThat(master.awaitHello().getReport().getInstalledMap())
                .containsExactlyEntriesOf(Map.of("base", "6.2.0"));

        CommandResult installed = install(bed.base("7.0.0"));

        assertThat(installed.getDone().getEvidenceList())
                .containsExactly("base 7.0.0 runs, it was 6.2.0; read from the hardware");
        assertThat(verify("7.0.0").getDone().getEvidenceList())
                .containsExactly("base 7.0.0 is installed");
        NodeReport report =
                master.awaitReport(it -> it.getInstalledOrDefault("base", "").equals("7.0.0"));
        assertThat(report.getHardware().getPower()).isEqualTo("on");
        assertThat(report.getHardware().getModel()).isEqualTo("sx-100");
        assertThat(report.getHardware().getTemperatureCelsius()).isPositive();
        assertThat(report.getInterlock()).isEmpty();
    }

    @Test
    @Tag("PRE-9")
    void aBaseThatDoesNotComeUpInterlocksPowerActions() throws Exception {
        start(new Fault.BootFails(1));
        master.awaitHello();

        CommandResult failed = install(bed.base("7.0.0"));

        assertThat(failed.getFailed().getReason())
                .contains("expected power on with base 7.0.0")
                .contains("found power on with base 6.2.0")
                .contains("power actions are interlocked");
        assertThat(failed.getFailed().getRetryable()).isFalse();
        assertThat(failed.getReport().getInterlock()).contains("base 7.0.0");

        Built next = bed.base("7.1.0");
        master.execute(command("stage-next", 1).setStage(next.stage(master)));
        assertThat(
                        master.execute(command("next", 1).setInstall(next.install()))
                                .getFailed()
                                .getReason())
                .contains("needs a reboot, and power actions are interlocked");
    }

    @Test
    void anImageThatCannotBeWrittenFailsTheInstallWithoutARestart() throws Exception {
        start(new Fault.UpdateFails(40));
        master.awaitHello();

        CommandResult failed = install(bed.base("7.0.0"));

        assertThat(failed.getFailed().getReason())
                .contains("expected the management controller to write the image, found Exception")
                .contains("failed at 40 percent");
        assertThat(failed.getFailed().getRetryable()).isTrue();
        assertThat(failed.getReport().getInterlock()).isEmpty();
        assertThat(verify("6.2.0").hasDone()).isTrue();
    }
}
