package dev.sluice.agent.stage;

import static dev.sluice.agent.stage.SmallDisk.BALLOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.transfer.store.ReadableContent;
import dev.sluice.v1.InstallPackage;
import dev.sluice.v1.RemovedPackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that has room for three packages and has three. */
@Tag("PKG-4")
final class StageRoomTest {

    @TempDir private Path root = Path.of("");
    private SmallDisk node = unset();

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // Set before each test.
    private static <T> T unset() {
        return null;
    }

    @BeforeEach
    void full() throws IOException {
        node = new SmallDisk(root);
        node.has("3.0.0", 3);
        node.has("1.0.0", 1);
        node.has("2.0.0", 2);
    }

    @AfterEach
    void close() {
        node.close();
    }

    private String refusal(String version) throws IOException, InterruptedException {
        return node.stage(version) instanceof Outcome.Failed(String reason, boolean retryable)
                        && retryable
                ? reason
                : "staged";
    }

    @Test
    void removesTheOldestThatIsNotNeededAndNoMoreThanItHasTo() throws Exception {
        node.keeps(BALLOT, 1, "4.0.0");

        assertThat(refusal("4.0.0")).isEqualTo("staged");

        assertThat(node.has("1.0.0")).isFalse();
        assertThat(node.has("2.0.0")).isTrue();
        assertThat(node.has("3.0.0")).isTrue();
        assertThat(node.has("4.0.0")).isTrue();
        assertThat(node.room.removed())
                .singleElement()
                .satisfies(removed -> {
                    assertThat(removed.getPackage().getVersion()).isEqualTo("1.0.0");
                    assertThat(removed.getContentSha256()).isEqualTo(node.sha256("1.0.0"));
                    assertThat(removed.getBytes()).isGreaterThan(1 << 20);
                    assertThat(removed.getReason())
                            .startsWith("site 4.0.0 needs ")
                            .endsWith("and the cluster does not need this one");
                });
    }

    @Test
    void removesNothingThatTheClusterNeeds() throws Exception {
        node.keeps(BALLOT, 1, "1.0.0", "3.0.0", "4.0.0");

        assertThat(refusal("4.0.0")).isEqualTo("staged");

        assertThat(node.has("1.0.0")).isTrue();
        assertThat(node.has("2.0.0")).isFalse();
        assertThat(node.has("3.0.0")).isTrue();
    }

    @Test
    void removesNothingThatIsInASlotWhateverTheMasterSays() throws Exception {
        node.keeps(BALLOT, 1, "4.0.0");
        node.slots.addAll(List.of(Map.of("site", "2.0.0"), Map.of("site", "1.0.0")));

        assertThat(refusal("4.0.0")).isEqualTo("staged");
        assertThat(node.has("1.0.0")).isTrue();
        assertThat(node.has("2.0.0")).isTrue();
        assertThat(node.has("3.0.0")).isFalse();
    }

    @Test
    void removesNothingWhileItIsReadByAnotherNodeOrInstalledAndSaysWhatStaysAndWhy()
            throws Exception {
        node.keeps(BALLOT, 1, "3.0.0");
        ReadableContent.Reader child =
                node.area.readable(node.sha256("1.0.0")).orElseThrow().open(0, () -> {});
        StagedPackages.Use install =
                new StagedPackages(node.area, noSignatures())
                        .use(
                                InstallPackage.newBuilder()
                                        .setContentSha256(node.sha256("2.0.0"))
                                        .build());

        assertThat(refusal("4.0.0"))
                .startsWith("site 4.0.0: needs ")
                .contains(
                        "site 1.0.0 is in use",
                        "site 2.0.0 is in use",
                        "site 3.0.0 is needed by the cluster")
                .endsWith("make room on the node");
        assertThat(node.room.removed()).isEmpty();

        child.close();
        install.close();
        assertThat(refusal("4.0.0")).isEqualTo("staged");
        assertThat(node.room.removed())
                .extracting(RemovedPackage::getContentSha256)
                .containsExactly(node.sha256("1.0.0"));
    }

    private static dev.sluice.trust.packages.SignatureVerifier noSignatures() {
        InstantSource clock = InstantSource.system();
        return new dev.sluice.trust.packages.SignatureVerifier(
                dev.sluice.trust.packages.TrustedSigners.of(
                        dev.sluice.trust.packages.PackageSigningKey.create(
                                        "x", Duration.ofDays(1), clock)
                                .certificate()),
                clock);
    }

    @Test
    void removesNothingBeforeAPrimaryHasSaidWhatIsNeeded() throws Exception {
        assertThat(refusal("4.0.0"))
                .contains("site 1.0.0 may be needed: no primary has said yet what is");
        assertThat(node.has("1.0.0")).isTrue();
    }

    @Test
    void removesNothingWhenItCannotKnowWhatIsInstalled() throws Exception {
        node.keeps(BALLOT, 1);
        node.room =
                new StageRoom(
                        node.area,
                        node.kept,
                        () -> {
                            throw new IOException("management controller: no answer");
                        },
                        node::free);

        assertThat(refusal("4.0.0")).contains("management controller: no answer");
        assertThat(node.has("1.0.0")).isTrue();
    }

    @Test
    void aPackageThatWasBegunAndIsNotNeededMakesRoomToo() throws Exception {
        node.area.remove(node.sha256("1.0.0"));
        Path part =
                node.area.begin(
                        node.manifest("5.0.0"),
                        dev.sluice.trust.packages.PackageReader.open(node.release("5.0.0"))
                                .manifestBytes(),
                        new byte[0]);
        Files.write(part, new byte[1 << 20]);
        node.keeps(BALLOT, 1, "2.0.0", "3.0.0");

        assertThat(refusal("4.0.0")).isEqualTo("staged");
        assertThat(Files.exists(part)).isFalse();
        assertThat(node.has("2.0.0")).isTrue();
        assertThat(node.has("3.0.0")).isTrue();
    }

    @Test
    void anOlderOrderOfTheSamePrimaryAndAnyOfAnEarlierOneAreIgnored() throws Exception {
        Ballot later = new Ballot(1, 2, "m-b", 1);
        assertThat(node.keeps(BALLOT, 7, "1.0.0", "2.0.0")).isTrue();
        assertThat(node.keeps(BALLOT, 6)).isFalse();
        assertThat(node.kept.digest()).isEqualTo("d7");
        assertThat(node.keeps(later, 1, "1.0.0")).isTrue();
        assertThat(node.keeps(BALLOT, 8)).isFalse();
        assertThat(node.kept.contents().orElseThrow()).containsExactly(node.sha256("1.0.0"));
    }

    @Test
    void aCrashDuringARemovalLeavesARestThatTheNextStartRemoves() throws Exception {
        Path whole = node.staged().resolve(node.sha256("1.0.0"));
        Path going = node.staged().resolve(".removed-" + node.sha256("1.0.0"));
        Files.move(whole, going);
        Files.delete(going.resolve("manifest.json"));

        node.restart();

        assertThat(Files.exists(going)).isFalse();
        assertThat(node.has("1.0.0")).isFalse();
        assertThat(node.has("2.0.0")).isTrue();
    }

    @Test
    void aCrashBetweenTheContentsNameAndThatOfItsDirectoryCostsNothing() throws Exception {
        Path whole = node.staged().resolve(node.sha256("1.0.0"));
        Path partial = node.staged().resolve(".partial-" + node.sha256("1.0.0"));
        Files.move(whole, partial);

        node.restart();

        assertThat(node.has("1.0.0")).isTrue();
        assertThat(Files.exists(partial)).isFalse();
        assertThat(node.area.entries()).hasSize(3);
    }
}
