package dev.sluice.agent;

import static dev.sluice.agent.AgentBed.command;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.AgentBed.Built;
import dev.sluice.v1.Command;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.HoldAddress;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.ReleaseAddress;
import dev.sluice.v1.SetAdmission;
import dev.sluice.v1.VerifyNode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent of a master's node: what runs there is what the control plane says in its session. */
final class MasterAgentTest {

    private static final int LEASE_MILLIS = 30_000;

    @TempDir private Path root = Path.of("");
    private AgentBed bed = unset();

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // Set before each test.
    private static <T> T unset() {
        return null;
    }

    @BeforeEach
    void open() throws Exception {
        bed = new AgentBed(root);
    }

    @AfterEach
    void close() throws Exception {
        bed.close();
    }

    @Test
    @Tag("PAIR-5")
    void theVersionThatCountsIsTheOneThatTheControlPlaneAnswers() throws Exception {
        TestMaster master = bed.startMaster("24.1.0");
        Built site = bed.controlPlane("24.1.0");
        bed.startMasterAgent();
        master.awaitHello();
        master.execute(command("stage", 1).setStage(site.stage(master)));

        CommandResult installed = master.execute(command("install", 1).setInstall(site.install()));

        assertThat(installed.hasDone()).as(installed.getFailed().getReason()).isTrue();
        NodeReport report = installed.getReport();
        assertThat(report.getService().getVersion()).isEqualTo("24.1.0");
        assertThat(report.getService().getHealthy()).isTrue();
        assertThat(report.getService().getAddress()).isEmpty();
        CommandResult verified =
                master.execute(
                        command("verify", 1)
                                .setVerify(
                                        VerifyNode.newBuilder()
                                                .putExpected("site", "24.1.0")
                                                .setSession(true)));
        assertThat(verified.getDone().getEvidenceList())
                .contains(
                        "site 24.1.0 is running",
                        "a session with the control plane is up, it is 24.1.0");
    }

    @Test
    void aMasterHasNoAdmission() throws Exception {
        TestMaster master = bed.startMaster("24.1.0");
        bed.startMasterAgent();
        master.awaitHello();

        CommandResult result =
                master.execute(
                        command("open", 1)
                                .setSetAdmission(SetAdmission.newBuilder().setAccepting(true)));

        assertThat(result.getFailed().getReason()).contains("is a master and has no admission");
        assertThat(result.getFailed().getRetryable()).isFalse();
    }

    @Test
    @Tag("PKG-4")
    void itReportsWhatItWasToldToKeepAndADeposedPrimarySaysNothing() throws Exception {
        TestMaster master = bed.startMaster("24.1.0");
        bed.startMasterAgent();
        master.awaitHello();
        assertThat(master.awaitReport(NodeReport::hasKeptPackages).getKeptPackages()).isEmpty();

        master.keep(TestMaster.ballot("m-a", 2), 7, "set-7");
        master.awaitReport(report -> report.getKeptPackages().equals("set-7"));

        master.keep(TestMaster.ballot("m-a", 1), 8, "set-8");
        assertThat(master.await(message -> message.hasRefused()).getRefused().getHighest())
                .isEqualTo(TestMaster.ballot("m-a", 2));
        master.keep(TestMaster.ballot("m-a", 2), 6, "set-6");
        master.keep(TestMaster.ballot("m-a", 2), 9, "set-9");
        NodeReport last = master.awaitReport(report -> !report.getKeptPackages().equals("set-7"));
        assertThat(last.getKeptPackages()).isEqualTo("set-9");
    }

    @Test
    @Tag("REL-1")
    void theSharedAddressIsHeldUnderALeaseAndAHigherBallotMayLetItEnd() throws Exception {
        TestMaster master = bed.startMaster("24.1.0");
        String address = bed.startMasterAgent();
        master.awaitHello();
        CommandResult held = master.execute(hold("hold", 1, address));
        assertThat(held.getReport().getHeldAddress()).isEqualTo(address);

        master.renewLease(TestMaster.ballot("m-a", 2), 1);
        master.awaitReport(report -> report.getHeldAddress().isEmpty());

        master.send(hold("old", 1, address).build());
        assertThat(master.await(message -> message.hasRefused()).getRefused().getHighest())
                .isEqualTo(TestMaster.ballot("m-a", 2));
        CommandResult again = master.execute(hold("new", 3, address));
        assertThat(again.getReport().getHeldAddress()).isEqualTo(address);
        CommandResult released =
                master.execute(
                        command("release", 3)
                                .setReleaseAddress(ReleaseAddress.getDefaultInstance()));
        assertThat(released.getReport().getHeldAddress()).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void theAddressIsFreeBeforeTheFenceOfAnotherMasterIsConfirmed() throws Exception {
        TestMaster master = bed.startMaster("24.1.0");
        String address = bed.startMasterAgent();
        master.awaitHello();
        master.execute(hold("hold", 1, address));
        master.fence(TestMaster.ballot("m-a", 2));
        assertThat(
                        master.await(message -> message.hasFenced())
                                .getFenced()
                                .getReport()
                                .getHeldAddress())
                .isEqualTo(address);

        master.fence(TestMaster.ballot("m-b", 3));

        assertThat(
                        master.await(message -> message.hasFenced())
                                .getFenced()
                                .getReport()
                                .getHeldAddress())
                .isEmpty();
        int port = Integer.parseInt(address.substring(address.indexOf(':') + 1));
        try (ServerSocket next = new ServerSocket()) {
            next.setReuseAddress(true);
            next.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        }
    }

    @Test
    @Tag("REL-3")
    void anotherAddressThanTheConfiguredOneIsRefused() throws Exception {
        TestMaster master = bed.startMaster("24.1.0");
        bed.startMasterAgent();
        master.awaitHello();

        assertThat(master.execute(hold("hold", 1, "127.0.0.1:1")).getFailed().getReason())
                .contains("expected shared address 127.0.0.1:")
                .contains("found 127.0.0.1:1 in the command");
    }

    private static Command.Builder hold(String id, long counter, String address) {
        return command(id, counter)
                .setHoldAddress(
                        HoldAddress.newBuilder().setAddress(address).setLeaseMillis(LEASE_MILLIS));
    }
}
