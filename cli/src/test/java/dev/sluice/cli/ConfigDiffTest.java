package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.ForcedChange;
import dev.sluice.v1.GetConfigurationRequest;
import dev.sluice.v1.GetConfigurationResponse;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigDiffTest {
    @AutoClose private final FakeMaster master;
    private final Shell shell;

    ConfigDiffTest(@TempDir Path folder) throws IOException {
        this.shell = new Shell(folder);
        this.master = FakeMaster.start(Shell.AUTHORITY, PeerName.master("m-a"));
    }

    @BeforeEach
    void know() throws IOException {
        shell.addresses(master.address());
    }

    private static ForcedChange.Builder change(String key, String frozen, String forced) {
        return ForcedChange.newBuilder()
                .setKey(key)
                .setFrozenValue(frozen)
                .setForcedValue(forced)
                .setActor("kim")
                .setAt(Timestamp.newBuilder().setSeconds(1_772_359_200));
    }

    @Test
    @Tag("CLU-6")
    void showsFrozenAndForcedValueByWhomWhenAndWhatBecameOfIt() {
        master.answer(
                GetConfigurationRequest.class,
                _ ->
                        GetConfigurationResponse.newBuilder()
                                .putSettings("site.banner", "old")
                                .setRevision(9)
                                .setFrozenBy("p-3")
                                .addForcedChanges(
                                        change("site.banner", "old", "new")
                                                .setOverwritten(true)
                                                .setFate("OVERWRITTEN"))
                                .addForcedChanges(change("site.added", "", "x").setFate("PENDING"))
                                .addForcedChanges(change("site.gone", "y", "").setFate("KEPT"))
                                .build());

        assertThat(shell.run("config", "diff")).as(shell.err()).isZero();
        Golden.matches("config-diff.txt", shell.out());
        assertThat(shell.run("config", "diff", "-o", "json")).isZero();
        Golden.matches("config-diff.json", shell.out());
        assertThat(shell.run("config", "diff", "-o", "yaml")).isZero();
        Golden.matches("config-diff.yaml", shell.out());
    }

    @Test
    @Tag("CLU-6")
    void saysThatNothingWasForced() {
        assertThat(shell.run("config", "diff")).isZero();
        assertThat(shell.out().lines())
                .containsExactly(
                        "The configuration is not frozen.",
                        "Nothing was forced during the last upgrade.");
    }
}
