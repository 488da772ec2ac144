package dev.sluice.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.MemoryLedgerStorage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class BrokenLedgerTest {

    @Test
    @Tag("REL-4")
    @Timeout(30)
    void theAgentEndsWithACodeOfItsOwnAndSaysWhy() throws IOException, InterruptedException {
        MemoryLedgerStorage disk = new MemoryLedgerStorage();
        StringWriter said = new StringWriter();
        try (Ledger ledger = Ledger.open(disk, "eu-1")) {
            CompletableFuture<Integer> ended =
                    CompletableFuture.supplyAsync(() -> await(ledger, said));
            assertThat(ended).isNotDone();

            disk.failNextSync();
            try {
                ledger.append(new LedgerRecord.BallotRaised(new Ballot(0, 1, "m-a", 1)));
            } catch (IOException _) {
                // The caller is told too.
            }

            assertThat(ended.join()).isEqualTo(AgentMain.EXIT_LEDGER);
            assertThat(said.toString())
                    .contains("the ledger is broken, and the agent ends")
                    .contains("its sync failed");
        }
    }

    private static int await(Ledger ledger, StringWriter said) {
        try {
            return AgentMain.awaitBroken(ledger.broken(), new PrintWriter(said, true));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
