package dev.sluice.agent.trusted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.v1.ChannelFile;
import dev.sluice.v1.ChannelFiles;
import dev.sluice.v1.ChannelVersions;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node believes of a channel that a master hands on. */
@Tag("PKG-3")
final class VerifiedChannelsTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @TempDir private Path directory;
    private final TestChannel stable = new TestChannel("stable", NOW);
    private Instant now = NOW;

    private VerifiedChannels open() throws IOException {
        return VerifiedChannels.open(
                directory,
                List.of(file(stable.root())),
                TrustedVersions.open(directory),
                () -> now);
    }

    private static Manifest site(String version, String content) {
        return TestChannel.site(version, 1, content);
    }

    private static StagePackage.Builder order(ChannelFiles files) {
        return StagePackage.newBuilder()
                .setManifest(ByteString.copyFrom(site("25.1.0", "a").encoded()))
                .addChannelFiles(files);
    }

    private Optional<String> refusal(ChannelFiles files) throws IOException {
        return open().refusal("eu-1", order(files).build());
    }

    private static ChannelVersions stable(long root, long targets) {
        return ChannelVersions.newBuilder()
                .setName("stable")
                .setRoot(root)
                .setTargets(targets)
                .build();
    }

    @Test
    void whatIsVerifiedIsToldAndOutlivesTheProcess() throws Exception {
        assertThat(open().versions()).containsExactly(stable(0, 0));

        assertThat(refusal(stable.publish(7, site("25.1.0", "a")).sent())).isEmpty();

        assertThat(open().versions()).containsExactly(stable(1, 7));
        assertThat(directory.resolve("verified-channels.json"))
                .content()
                .contains("\"timestamp\" : 7", "\"snapshot\" : 7", "\"targets\" : 7");
    }

    @Test
    void aChangedFileIsRefusedAndNothingOfItIsKept() throws Exception {
        byte[] targets = stable.publish(7).file("7.targets.json");
        targets[targets.length / 2] ^= 1;

        assertThat(refusal(stable.sent()).orElseThrow())
                .startsWith("node eu-1: channel stable, as the master sent it: 7.targets.json: ")
                .contains("the file was changed")
                .endsWith(
                        "have the master read the channel with 'sluice packages check', or import a new bundle");
        assertThat(open().versions()).containsExactly(stable(0, 0));
        assertThat(directory.resolve("channels")).doesNotExist();
    }

    @Test
    void filesOfAnotherKeyAreRefused() throws Exception {
        TestChannel forged = new TestChannel("stable", NOW).publish(7);

        assertThat(refusal(forged.sent()).orElseThrow()).contains("which is not one for this");
    }

    @Test
    void anOlderStateIsRefused() throws Exception {
        ChannelFiles old = stable.publish(7).sent();
        assertThat(refusal(stable.publish(8).sent())).isEmpty();

        assertThat(refusal(old).orElseThrow())
                .contains("timestamp.json: version 7 is older than 8, which was seen already");
        assertThat(open().refusal("eu-1", order(old).clearChannelFiles().build())).isEmpty();
        assertThat(
                        open().refusal(
                                        "eu-1",
                                        order(old)
                                                .clearChannelFiles()
                                                .addChannels(stable(1, 7))
                                                .build()))
                .hasValueSatisfying(reason ->
                        assertThat(reason).contains("this node has verified root 1 and targets 8"));
    }

    @Test
    void anExpiredStateIsRefusedButWhatWasVerifiedInTimeCounts() throws Exception {
        ChannelFiles first = stable.publish(7, site("25.1.0", "a")).sent();
        assertThat(refusal(first)).isEmpty();
        now = NOW.plus(Duration.ofDays(8));

        assertThat(refusal(stable.publish(8).sent()).orElseThrow()).contains("expired at");
        assertThat(open().versions()).containsExactly(stable(1, 7));
        assertThat(open().refusal("eu-1", order(first).clearChannelFiles().build())).isEmpty();
    }

    @Test
    void aClockThatIsBehindIsNamed() throws Exception {
        now = NOW.minus(Duration.ofDays(1));

        assertThat(refusal(stable.publish(7).sent()).orElseThrow())
                .contains("the clock is behind by at least PT24H");
    }

    @Test
    void aMixOfTwoStatesIsRefused() throws Exception {
        byte[] old = stable.publish(7).file("7.targets.json");
        stable.publish(8);
        stable.files.put("8.targets.json", old);

        assertThat(refusal(stable.sent()).orElseThrow()).contains("mixed of two states");
    }

    @Test
    void aMastersWordAloneRunsNoVersionUp() throws Exception {
        StagePackage lie =
                order(stable.publish(7).sent())
                        .clearChannelFiles()
                        .addChannels(stable(1L << 53, 1L << 53))
                        .build();
        assertThat(open().refusal("eu-1", lie)).isEmpty();

        assertThat(refusal(stable.sent())).isEmpty();
        assertThat(open().versions()).containsExactly(stable(1, 7));
    }

    @Test
    void whatAMasterNamedBeforeTheRootWasPinnedCountsForNothing() throws Exception {
        StagePackage lie =
                order(stable.publish(7).sent())
                        .clearChannelFiles()
                        .addChannels(stable(9, 1L << 53))
                        .build();
        VerifiedChannels before = pinning();
        assertThat(before.refusal("eu-1", lie)).isEmpty();
        assertThat(before.refusal("eu-1", lie.toBuilder().setChannels(0, stable(1, 7)).build()))
                .isPresent();

        assertThat(refusal(stable.sent())).isEmpty();
        assertThat(open().versions()).containsExactly(stable(1, 7));
    }

    @Test
    void whatComesWithTheFilesIsNotKept() throws Exception {
        ChannelFiles more =
                stable.publish(7).sent().toBuilder()
                        .addFiles(
                                ChannelFile.newBuilder()
                                        .setName("9.targets.json")
                                        .setContent(ByteString.copyFrom(new byte[1 << 20])))
                        .build();

        assertThat(refusal(more)).isEmpty();
        assertThat(Files.size(directory.resolve("channels/stable"))).isLessThan(1 << 16);
    }

    @Test
    void aDamagedFileOfVersionsStopsTheNode() throws Exception {
        assertThat(refusal(stable.publish(7).sent())).isEmpty();
        Files.writeString(directory.resolve("verified-channels.json"), "{}");

        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("verified-channels.json is damaged");
    }

    @Test
    void anotherPackageUnderAnOfferedVersionIsNeitherStagedNorInstalled() throws Exception {
        ChannelFiles offered = stable.publish(7, site("25.1.0", "c")).sent();

        assertThat(refusal(offered).orElseThrow())
                .startsWith("node eu-1: channel stable: the channel offers site 25.1.0");
        assertThat(open().refusal("eu-1", site("25.1.0", "a"))).isPresent();
        assertThat(open().refusal("eu-1", site("25.1.0", "c"))).isEmpty();
        assertThat(open().refusal("eu-1", site("25.2.0", "a"))).as("not offered").isEmpty();
    }

    @Test
    void whatIsLostIsSentAgain() throws Exception {
        assertThat(refusal(stable.publish(7).sent())).isEmpty();
        Path kept = directory.resolve("channels/stable");
        Files.write(kept, new byte[] {1, 2, 3});

        assertThat(open().versions()).containsExactly(stable(0, 0));
        assertThat(refusal(stable.sent())).isEmpty();
        assertThat(open().versions()).containsExactly(stable(1, 7));
    }

    @Test
    void whatIsNotPinnedIsNotLookedAt() throws Exception {
        ChannelFiles other = new TestChannel("beta", NOW).publish(3).sent();

        assertThat(refusal(other)).isEmpty();
        assertThat(open().versions()).containsExactly(stable(0, 0));
    }

    @Test
    void whatIsTooMuchIsRefused() throws Exception {
        ChannelFiles large =
                ChannelFiles.newBuilder()
                        .setChannel("stable")
                        .addFiles(
                                ChannelFile.newBuilder()
                                        .setName("timestamp.json")
                                        .setContent(ByteString.copyFrom(new byte[(2 << 20) + 1])))
                        .build();
        assertThat(refusal(large).orElseThrow()).contains("at most 1003 of 2097152 expected");

        StagePackage.Builder many = StagePackage.newBuilder();
        IntStream.rangeClosed(0, VerifiedChannels.MAX_PINNED)
                .forEach(i -> many.addChannelFiles(ChannelFiles.getDefaultInstance()));
        assertThat(open().refusal("eu-1", many.build()).orElseThrow())
                .contains("files of 17 channels, at most 16 expected");
    }

    @Test
    void whatCannotBeKeptIsNotFollowed() throws Exception {
        Files.writeString(directory.resolve("channels"), "no directory");

        assertThatThrownBy(() -> refusal(stable.publish(7).sent())).isInstanceOf(IOException.class);
    }

    @Test
    void aFileThatIsMissingIsNamedAndMayComeLater() throws Exception {
        stable.publish(7).files.remove("7.snapshot.json");

        assertThatThrownBy(() -> refusal(stable.sent()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("7.snapshot.json");
    }

    @Test
    void aRootThatIsNoneOrThereTwiceIsNamed() throws Exception {
        byte[] changed = stable.root();
        changed[changed.length / 2] ^= 1;

        assertThatThrownBy(() -> pinning(changed))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("channelRoots: ")
                .hasMessageContaining("pinned-root.json");
        assertThatThrownBy(() -> pinning(stable.root(), stable.root()))
                .hasMessageContaining("channel stable: two roots are pinned, one expected");
    }

    private VerifiedChannels pinning(byte[]... roots) throws IOException {
        List<Path> files = new ArrayList<>();
        for (byte[] root : roots) {
            files.add(file(root));
        }
        return VerifiedChannels.open(directory, files, TrustedVersions.open(directory), () -> now);
    }

    private Path file(byte[] root) throws IOException {
        return Files.write(Files.createTempFile(directory, "root-", ".json"), root);
    }
}
