package dev.sluice.agent;

import static dev.sluice.agent.AgentBed.command;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.AgentBed.Built;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.SessionEnd;
import dev.sluice.v1.SessionRecord;
import dev.sluice.v1.SessionRecordRun;
import dev.sluice.v1.SetAdmission;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records of a real site's sessions, from its clients to a master over real gRPC. */
@Tag("PAIR-3")
final class AgentRecordsTest {

    @TempDir private Path directory;
    private final SortedMap<Long, SessionRecord> seen = new TreeMap<>();
    private AgentBed bed;
    private TestMaster master;

    @BeforeEach
    void open() throws Exception {
        bed = new AgentBed(directory);
        master = bed.master();
        bed.startAgent();
        master.awaitHello();
        Built site = bed.site("24.1.0");
        done(master.execute(command("stage-first", 1).setStage(site.stage(master))));
        done(master.execute(command("install-first", 1).setInstall(site.install())));
        admit("open-first", true);
    }

    @AfterEach
    void close() throws Exception {
        bed.close();
    }

    private static void done(CommandResult result) {
        assertThat(result.hasDone()).as(result.getFailed().getReason()).isTrue();
    }

    private void admit(String id, boolean accepting) throws InterruptedException {
        done(
                master.execute(
                        command(id, 1)
                                .setSetAdmission(
                                        SetAdmission.newBuilder().setAccepting(accepting))));
    }

    /** The record with a sequence; a batch may have come before, as long as it was not released. */
    private SessionRecord await(long sequence) throws InterruptedException {
        while (!seen.containsKey(sequence)) {
            SessionRecordRun run = master.awaitRecords();
            for (int i = 0; i < run.getRecordsCount(); i++) {
                SessionRecord before = seen.put(run.getFirstSequence() + i, run.getRecords(i));
                assertThat(before == null || before.equals(run.getRecords(i))).isTrue();
            }
        }
        return requireNonNull(seen.get(sequence));
    }

    private void comeAndGo() throws Exception {
        try (SiteClient client = new SiteClient(bed.sitePort())) {
            assertThat(client.greeting()).startsWith("WELCOME");
        }
    }

    @Test
    void aSessionThatEndsBecomesARecordAlsoWhenTheAgentIsAwayMeanwhile() throws Exception {
        long before = System.currentTimeMillis();
        comeAndGo();
        SessionRecord record = await(1);
        assertThat(record.getKind()).isEqualTo("customer");
        assertThat(record.getEnd()).isEqualTo(SessionEnd.SESSION_END_CLIENT);
        assertThat(record.getBeganMillis()).isBetween(before, record.getEndedMillis());
        assertThat(record.getEndedMillis()).isBetween(before, System.currentTimeMillis());

        bed.stopAgent();
        comeAndGo();
        comeAndGo();
        bed.startAgent();
        master.awaitHello();

        await(3);
        assertThat(seen).containsOnlyKeys(1L, 2L, 3L);
    }

    @Test
    void sessionsThatAreCutForAnUpgradeSayItAndOutliveIt() throws Exception {
        Built next = bed.site("24.2.0");
        done(master.execute(command("stage", 1).setStage(next.stage(master))));
        try (SiteClient client = new SiteClient(bed.sitePort())) {
            assertThat(client.greeting()).startsWith("WELCOME");
            admit("close", false);
            master.send(command("cut", 1).setInstall(next.install().setCutClients(true)).build());

            assertThat(await(1).getEnd()).isEqualTo(SessionEnd.SESSION_END_CUT);
        }
    }

    @Test
    void sessionsThatEndWithTheSitesProcessAreLostAndSayIt() throws Exception {
        try (SiteClient stays = new SiteClient(bed.sitePort())) {
            assertThat(stays.greeting()).startsWith("WELCOME");
            comeAndGo();
            assertThat(await(1).getEnd()).isEqualTo(SessionEnd.SESSION_END_CLIENT);

            ProcessHandle.of(bed.sitePid()).orElseThrow().destroyForcibly();

            assertThat(await(2).getEnd()).isEqualTo(SessionEnd.SESSION_END_LOST);
        }
    }
}
