package dev.sluice.control.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ClusterState;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BackupFilesTest {

    @TempDir private Path directory;
    private Path backups;
    private byte[] payload = "the configuration".getBytes(StandardCharsets.UTF_8);
    private BackupFiles files;

    @BeforeEach
    void setUp() {
        backups = directory.resolve("backups");
        files = new BackupFiles(backups, _ -> payload);
    }

    private Path write(String name) throws IOException {
        var _ = files.write(name, ClusterState.EMPTY);
        return backups.resolve(name + ".sluice-backup");
    }

    private Stream<String> names() throws IOException {
        try (Stream<Path> all = Files.list(backups)) {
            return all.map(file -> file.getFileName().toString()).toList().stream();
        }
    }

    @Test
    @Tag("PRE-1")
    void aBackupIsWrittenAndCanBeVerified() throws Exception {
        String line = files.write("plan-1", ClusterState.EMPTY);

        Path file = backups.resolve("plan-1.sluice-backup");
        assertThat(BackupFiles.verify(file))
                .isInstanceOfSatisfying(
                        BackupCheck.Intact.class,
                        intact -> {
                            assertThat(intact.payload()).isEqualTo(Blob.of(payload));
                            assertThat(line).contains(file.toString(), "17 bytes", intact.sha256());
                        });
        assertThat(names()).containsExactly("plan-1.sluice-backup");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void theSameNameAgainReplacesTheBackup() throws Exception {
        Path file = write("plan-1");
        payload = new byte[] {1, 2, 3};
        var _ = write("plan-1");

        assertThat(((BackupCheck.Intact) BackupFiles.verify(file)).payload())
                .isEqualTo(Blob.of(payload));
        assertThat(names()).hasSize(1);
    }

    @Test
    @Tag("REL-3")
    void everyChangedByteAndEveryMissingOneIsFound() throws Exception {
        Path file = write("plan-1");
        byte[] good = Files.readAllBytes(file);

        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 1;
            Files.write(file, bad);
            assertThat(BackupFiles.verify(file))
                    .as("byte %d changed", i)
                    .isInstanceOf(BackupCheck.Damaged.class);
            Files.write(file, java.util.Arrays.copyOf(good, i));
            assertThat(BackupFiles.verify(file))
                    .as("cut to %d bytes", i)
                    .isInstanceOf(BackupCheck.Damaged.class);
        }
    }

    @Test
    void aDamagedBackupSaysWhatWasExpectedAndFound() throws Exception {
        Path file = write("plan-1");
        Files.writeString(file, "more", StandardOpenOption.APPEND);

        assertThat(BackupFiles.verify(file))
                .isEqualTo(
                        new BackupCheck.Damaged(file + ": expected 17 bytes of payload, found 21"));
    }

    @Test
    void aMissingBackupIsAnErrorThatNamesIt() {
        assertThatThrownBy(() -> BackupFiles.verify(directory.resolve("none.sluice-backup")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("none.sluice-backup")
                .hasMessageContaining("NoSuchFile");
    }

    @Test
    @Tag("REL-4")
    void aFullDiskIsAClearErrorThatLeavesTheOldBackupAndNothingElse() throws Exception {
        Path file = write("plan-1");
        byte[] before = Files.readAllBytes(file);
        BackupFiles full =
                new BackupFiles(
                        backups,
                        _ -> payload,
                        created -> {
                            Files.createFile(created);
                            return FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE);
                        });

        assertThatThrownBy(() -> full.write("plan-1", ClusterState.EMPTY))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("No space left on device")
                .hasMessageContaining("try again");
        assertThat(names()).containsExactly("plan-1.sluice-backup");
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }

    @Test
    void aPlaceThatIsNoDirectoryIsAClearError() throws Exception {
        Files.writeString(backups, "a file");

        assertThatThrownBy(() -> files.write("plan-1", ClusterState.EMPTY))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(backups.toString());
    }

    @Test
    void whatACrashLeftIsReplacedByTheNextBackup() throws Exception {
        Files.createDirectories(backups);
        Files.writeString(backups.resolve(".new.sluice-backup"), "half");

        Path file = write("plan-1");

        assertThat(BackupFiles.verify(file)).isInstanceOf(BackupCheck.Intact.class);
        assertThat(names()).containsExactly("plan-1.sluice-backup");
    }

    @Test
    @Tag("REL-3")
    void aNameThatLeavesTheDirectoryIsRefused() {
        assertThatThrownBy(() -> files.write("../plan", ClusterState.EMPTY))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("../plan");
        assertThat(directory).isEmptyDirectory();
    }
}
