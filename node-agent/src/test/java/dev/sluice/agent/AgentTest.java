package dev.sluice.agent;

import static dev.sluice.agent.AgentBed.command;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.AgentBed.Built;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.Hello;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.SetAdmission;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AgentTest {

    @TempDir private Path root = Path.of("");
    private AgentBed bed = unset();

    @SuppressWarnings("NullAway") // Set before each test.
    private static AgentBed unset() {
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
    void stagesInstallsAndOpensASite() throws Exception {
        TestMaster master = bed.master();
        Built site = bed.site("24.1.0");
        bed.startAgent();

        Hello hello = master.awaitHello();
        assertThat(hello.getNodeId()).isEqualTo("eu-1");
        assertThat(hello.hasHighestBallot()).isFalse();
        assertThat(hello.getReport().getService().getRunning()).isFalse();

        CommandResult staged = master.execute(command("stage", 1).setStage(site.stage(master)));
        assertThat(staged.getFailed().getReason()).isEmpty();
        assertThat(staged.getReport().getStaged(0).getComplete()).isTrue();

        CommandResult installed = master.execute(command("install", 1).setInstall(site.install()));
        assertThat(installed.getFailed().getReason()).isEmpty();
        NodeReport report = installed.getReport();
        assertThat(report.getInstalledMap()).containsEntry("site", "24.1.0");
        assertThat(report.getService().getVersion()).isEqualTo("24.1.0");
        assertThat(report.getAccepting()).isFalse();

        CommandResult open =
                master.execute(
                        command("open", 1)
                                .setSetAdmission(SetAdmission.newBuilder().setAccepting(true)));
        assertThat(open.getDone().getEvidenceList())
                .containsExactly("admission is open, 0 clients are connected");
        assertThat(open.getReport().getAccepting()).isTrue();
    }
}
