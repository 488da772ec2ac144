package dev.sluice.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.transfer.patch.Zstd;
import dev.sluice.trust.pki.PeerName;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class TransferWarmUpTest {

    @TempDir Path directory;

    @Test
    void leavesNothingBehind() throws Exception {
        TransferWarmUp.run(
                TestNode.identity(PeerName.node("eu-1")), directory.resolve("run"), 2, Zstd.load());

        assertThat(directory.resolve("run")).isEmptyDirectory();
    }

    @Test
    void isBounded() {
        assertThatThrownBy(() ->
                        TransferWarmUp.run(
                                TestNode.identity(PeerName.node("eu-1")),
                                directory,
                                257,
                                Optional.empty()))
                .hasMessageContaining("expected 1 to 256");
    }
}
