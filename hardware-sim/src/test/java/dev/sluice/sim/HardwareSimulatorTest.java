package dev.sluice.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.sim.appliance.ApplianceSpec;
import dev.sluice.sim.rack.Rack;
import dev.sluice.sim.redfish.Credentials;
import dev.sluice.sim.redfish.Listen;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A hang fails the test after a while instead of holding the build. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HardwareSimulatorTest {

    private static final Listen PLAIN = new Listen("127.0.0.1", Optional.empty());

    @TempDir Path temporary;

    @Test
    void printsItsPortsWhenReadyAndExitsWithZeroOnSigterm() throws Exception {
        Files.writeString(
                temporary.resolve("rack.yaml"),
                "appliances:\n  - {id: a, base: 1.0.0}\n  - {id: b, base: 1.0.0}\n");
        Process process = start("--insecure-loopback");
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            JsonObject ready = new JsonObject(out.readLine());
            assertThat(ready.getBoolean("ready")).isTrue();
            assertThat(ready.getLong("pid")).isEqualTo(process.pid());
            assertThat(ready.getJsonArray("appliances").getJsonObject(1).getString("id"))
                    .isEqualTo("b");
            assertThat(ready.getJsonArray("appliances").getJsonObject(1).getInteger("port"))
                    .isPositive();
            process.destroy();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    @Tag("REL-3")
    void exitsWithOneAndSaysWhyWhenTheRackFileIsWrong() throws Exception {
        Files.writeString(
                temporary.resolve("rack.yaml"), "appliances:\n  - {id: a, bases: 1.0.0}\n");
        assertThat(failureOf("--insecure-loopback"))
                .contains("line 2: appliances[0].bases: unknown key; did you mean 'base'?");
        assertThat(temporary.resolve("state")).doesNotExist();
    }

    @Test
    @Tag("REL-3")
    void exitsWithOneWithoutACertificate() throws Exception {
        Files.writeString(
                temporary.resolve("rack.yaml"), "appliances:\n  - {id: a, base: 1.0.0}\n");
        assertThat(failureOf()).contains("--tls-cert and --tls-key: expected both, found none");
    }

    @Test
    @Tag("REL-3")
    void startsNothingWhenAPortIsInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Rack rack = rack(0, taken.getLocalPort());
            assertThatThrownBy(() -> start(rack, PLAIN))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("appliance n1 on 127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("stop the process that has the port");
        }
        start(rack(0), PLAIN).close();
    }

    @Test
    @Tag("REL-3")
    void refusesAStateDirectoryInUseAndPlainHttpBeyondLoopback() throws Exception {
        try (RunningRack _ = start(rack(0), PLAIN)) {
            assertThatThrownBy(() -> start(rack(0), PLAIN))
                    .hasMessageContaining("in use by another simulator");
        }
        assertThatThrownBy(() -> start(rack(0), new Listen("0.0.0.0", Optional.empty())))
                .hasMessageContaining("plain HTTP needs a loopback address");
        Listen.Tls missing =
                new Listen.Tls(temporary.resolve("no.pem"), temporary.resolve("no.key"));
        assertThatThrownBy(() -> start(rack(0), new Listen("127.0.0.1", Optional.of(missing))))
                .hasMessageContaining("no.pem: cannot be read");
    }

    @Test
    @Tag("REL-3")
    void refusesStateThatIsNotItsOwn() throws Exception {
        start(rack(0), PLAIN).close();
        Path state = temporary.resolve("state/n0/state.json");
        String good = Files.readString(state);
        for (String bad :
                List.of(
                        "{",
                        "{}",
                        good.replace("\"ON\"", "\"MAYBE\""),
                        good.replace("PT0S", "later"))) {
            Files.writeString(state, bad);
            assertThatThrownBy(() -> start(rack(0), PLAIN))
                    .hasMessageContaining("state.json: expected an appliance's state, found: ");
            assertThat(state).hasContent(bad);
        }
    }

    @Test
    @Tag("REL-3")
    void refusesCredentialsThatOthersMayReadOrThatAreNone() throws Exception {
        Path file = RackFixture.credentials(temporary);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> Credentials.read(file))
                .hasMessageContaining("expected mode 0600, found rw-r--r--");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        for (String bad :
                List.of(
                        "",
                        "# nobody\n",
                        "admin\n",
                        "admin:short\n",
                        "a:long-enough\na:long-enough\n")) {
            Files.writeString(file, bad);
            assertThatThrownBy(() -> Credentials.read(file)).isInstanceOf(IOException.class);
        }
    }

    private String failureOf(String... more) throws Exception {
        Process process = start(more);
        String error = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(1);
        return error;
    }

    private Process start(String... more) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                HardwareSimulator.class.getName(),
                                "--rack",
                                temporary.resolve("rack.yaml").toString(),
                                "--state",
                                temporary.resolve("state").toString(),
                                "--credentials",
                                RackFixture.credentials(temporary).toString()));
        command.addAll(List.of(more));
        return new ProcessBuilder(command).start();
    }

    private RunningRack start(Rack rack, Listen listen) throws IOException {
        return RunningRack.start(
                rack,
                temporary.resolve("state"),
                Credentials.read(RackFixture.credentials(temporary)),
                listen,
                RunningRack.DEFAULT_MAX_IMAGE_BYTES,
                System::nanoTime,
                InstantSource.system());
    }

    private static Rack rack(int... ports) {
        List<Rack.Place> places = new ArrayList<>();
        for (int port : ports) {
            places.add(new Rack.Place(ApplianceSpec.of("n" + places.size(), "1.0.0", 1), port));
        }
        return new Rack(places);
    }
}
