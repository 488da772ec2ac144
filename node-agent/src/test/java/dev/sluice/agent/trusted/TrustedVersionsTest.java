package dev.sluice.agent.trusted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.packages.Manifest;
import dev.sluice.v1.ChannelVersions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent remembers of packages and channels, and what it therefore refuses. */
final class TrustedVersionsTest {
    @TempDir private Path directory;

    private TrustedVersions open() throws IOException {
        return TrustedVersions.open(directory);
    }

    private static Manifest site(String version, long release) {
        return TestChannel.site(version, release, "a");
    }

    private static ChannelVersions channel(long root, long targets) {
        return ChannelVersions.newBuilder()
                .setName("stable")
                .setRoot(root)
                .setTargets(targets)
                .build();
    }

    @Test
    @Tag("PKG-3")
    void aReleaseBelowTheHighestOneIsRefusedAfterARestartToo() throws Exception {
        open().installing(site("25.2.0", 8));

        assertThat(open().refusal("eu-1", site("25.3.0", 7)))
                .contains(
                        "node eu-1: site 25.3.0 is release 7 of its name, and release 8 was installed"
                                + " here already; a release with a higher counter is needed");
        assertThat(open().refusal("eu-1", site("25.2.0", 8))).isEmpty();
        assertThat(open().refusal("eu-1", site("25.3.0", 9))).isEmpty();
    }

    @Test
    @Tag("PKG-3")
    void whatWasOnlyAskedForIsNotRemembered() throws Exception {
        TrustedVersions versions = open();
        assertThat(versions.refusal("eu-1", site("25.3.0", 9))).isEmpty();

        assertThat(versions.refusal("eu-1", site("25.2.0", 8))).isEmpty();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    @Tag("PKG-3")
    void anOrderOfAMasterThatKnowsLessOfAChannelIsRefusedAfterARestartToo() throws Exception {
        assertThat(open().order("eu-1", List.of(channel(2, 9)), Set.of())).isEmpty();

        assertThat(open().order("eu-1", List.of(channel(2, 8)), Set.of()))
                .hasValueSatisfying(reason ->
                        assertThat(reason)
                                .startsWith(
                                        "node eu-1: the master knows channel stable with root 2 and"
                                                + " targets 8, and this node was told of root 2 and"
                                                + " targets 9"));
        assertThat(open().order("eu-1", List.of(channel(1, 10)), Set.of())).isPresent();
        assertThat(open().order("eu-1", List.of(), Set.of())).isEmpty();
        assertThat(open().order("eu-1", List.of(channel(3, 1)), Set.of())).isEmpty();
        assertThat(open().order("eu-1", List.of(channel(2, 100)), Set.of())).isPresent();
    }

    @Test
    @Tag("PKG-3")
    void anOrderWithMoreChannelsThanAreRememberedIsRefused() throws Exception {
        List<ChannelVersions> many =
                IntStream.range(0, 17)
                        .mapToObj(i -> channel(1, 1).toBuilder().setName("c" + i).build())
                        .toList();

        assertThat(open().order("eu-1", many, Set.of())).isPresent();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    @Tag("PKG-3")
    void aNodeThatCannotRememberDoesNotFollow() throws Exception {
        TrustedVersions versions = TrustedVersions.open(directory.resolve("nowhere"));

        assertThatThrownBy(() -> versions.installing(site("25.2.0", 8)))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> versions.order("eu-1", List.of(channel(1, 1)), Set.of()))
                .isInstanceOf(IOException.class);
        assertThat(versions.refusal("eu-1", site("25.1.0", 7)))
                .as("what is not durable was not seen")
                .isEmpty();
    }

    @Test
    @Tag("REL-3")
    void aDamagedFileKeepsTheAgentFromStarting() throws Exception {
        open().installing(site("25.2.0", 8));
        Path file = directory.resolve("trusted-versions.json");
        Files.writeString(file, Files.readString(file).replace("highest", "hihgest"));

        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("trusted-versions.json is damaged");
    }

    @Test
    @Tag("PKG-3")
    void whatNoChannelIsCalledAndNoVersionCanBeIsNotRemembered() throws Exception {
        for (ChannelVersions wrong :
                List.of(
                        channel(1, 1).toBuilder().setName("x".repeat(1 << 20)).build(),
                        channel(1, 1).toBuilder().setName("").build(),
                        channel(1, -5),
                        channel((1L << 53) + 1, 1))) {
            assertThat(open().order("eu-1", List.of(wrong), Set.of()))
                    .hasValueSatisfying(reason ->
                            assertThat(reason)
                                    .startsWith("node eu-1: the order names ")
                                    .hasSizeLessThan(300));
        }
        assertThat(directory.resolve("trusted-versions.json")).doesNotExist();
    }
}
