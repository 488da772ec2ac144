package dev.sluice.agent.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.agent.disk.Durable;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SlotsTest {

    @TempDir Path root;
    private Slots slots;

    @BeforeEach
    void open() {
        slots = new Slots(root, Role.TRAFFIC);
    }

    private static Manifest site(String version, String command) {
        ManifestDraft draft =
                new ManifestDraft(
                        new PackageName("site"),
                        PackageKind.SITE,
                        new PackageVersion(version),
                        1,
                        List.of(),
                        new PackageVersion("0.9.0"),
                        List.of("sx-100"),
                        false,
                        false,
                        null,
                        null,
                        Installation.Roles.of(
                                Map.of(
                                        Role.TRAFFIC,
                                        new RolePayload(
                                                new PayloadPath("traffic"), List.of(command)))));
        Sha256 hash = new Sha256("ab".repeat(32));
        return new Manifest(draft, new PackageContent(2048, hash, PackageContent.LEAF_SIZE, hash));
    }

    /** A version that lies on the node, by whatever way it came. */
    private void place(Manifest manifest) throws IOException {
        Path slot = root.resolve("site").resolve(manifest.version().value());
        Files.createDirectories(slot.resolve("files"));
        Durable.write(slot.resolve("manifest.json"), manifest.encoded());
    }

    private void activate(String version) throws IOException {
        Durable.link(root.resolve("site/current"), Path.of(version));
    }

    @Test
    void theServiceIsThatOfTheCurrentSlotHoweverOftenItIsAskedFor() throws IOException {
        place(site("1.0.0", "run-one"));
        place(site("2.0.0", "run-two"));

        activate("1.0.0");
        Slot first = slots.service().orElseThrow();
        assertThat(first.version()).isEqualTo("1.0.0");
        assertThat(slots.service()).contains(first);
        activate("2.0.0");
        assertThat(slots.service().orElseThrow().command()).containsExactly("run-two");
        activate("1.0.0");
        assertThat(slots.service()).contains(first);
    }

    @Test
    void versionsThatAreNeitherCurrentNorPreviousGo() throws IOException {
        for (String version : List.of("1.0.0", "1.1.0", "2.0.0")) {
            place(site(version, "run"));
            activate(version);
            slots.activate(slots.service().orElseThrow());
        }
        Durable.link(root.resolve("site/previous"), Path.of("1.1.0"));
        Path unpacking = Files.createDirectories(root.resolve("site/.incomplete-3.0.0/files"));

        assertThat(slots.removeOld("site")).containsExactly("1.0.0");

        assertThat(root.resolve("site/1.0.0")).doesNotExist();
        assertThat(slots.installed()).containsEntry("site", "2.0.0");
        assertThat(slots.previous()).containsEntry("site", "1.1.0");
        assertThat(root.resolve("site/1.1.0/manifest.json")).exists();
        assertThat(unpacking).exists();
        assertThat(slots.removeOld("site")).isEmpty();
    }

    @Test
    void aRemovalThatBrokeIsInNobodysWay() throws IOException {
        place(site("1.0.0", "run"));
        place(site("2.0.0", "run"));
        activate("2.0.0");
        Files.createDirectories(root.resolve("site/.removed-1.0.0/files/left"));

        assertThat(slots.removeOld("site")).containsExactly("1.0.0");
        assertThat(root.resolve("site/.removed-1.0.0")).doesNotExist();
    }

    @Test
    void withoutAPreviousOneTheCurrentStays() throws IOException {
        place(site("1.0.0", "run"));
        place(site("2.0.0", "run"));
        activate("2.0.0");

        assertThat(slots.removeOld("site")).containsExactly("1.0.0");
        assertThat(slots.service().orElseThrow().version()).isEqualTo("2.0.0");
    }

    @Test
    void aRemovalThatACrashEndedIsFinishedAtTheStart() throws IOException {
        place(site("2.0.0", "run"));
        activate("2.0.0");
        Path left = root.resolve("site/.removed-1.0.0");
        Files.createDirectories(left.resolve("files"));

        slots.clean();

        assertThat(left).doesNotExist();
        assertThat(slots.service()).isPresent();
    }

    @Test
    void aSlotThatWasMadeAnewIsReadAnew() throws IOException {
        place(site("1.0.0", "run-one"));
        activate("1.0.0");
        assertThat(slots.service().orElseThrow().command()).containsExactly("run-one");

        Durable.removeTree(root.resolve("site/1.0.0"));
        place(site("1.0.0", "run-another"));

        assertThat(slots.service().orElseThrow().command()).containsExactly("run-another");
    }

    @Test
    void aSlotWhoseManifestIsGoneOrDamagedIsAnErrorThoughItWasReadBefore() throws IOException {
        place(site("1.0.0", "run-one"));
        activate("1.0.0");
        assertThat(slots.service()).isPresent();
        Path manifest = root.resolve("site/1.0.0/manifest.json");

        Files.writeString(manifest, "{}");
        assertThatThrownBy(slots::service)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("slot " + root.resolve("site/1.0.0"));
        Files.delete(manifest);
        assertThatThrownBy(slots::service).isInstanceOf(IOException.class);
    }

    @Test
    void whereNothingIsInstalledNothingIsToRun() throws IOException {
        assertThat(slots.service()).isEmpty();
        assertThat(slots.installed()).isEmpty();
    }
}
