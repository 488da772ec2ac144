package dev.sluice.control.depot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class PatchWishTest {

    static PackageRecord pkg(String name, String version) {
        return new PackageRecord(
                new PackageDescriptor(
                        new PackageRef(new PackageName(name), Version.parse(version)),
                        PackageKind.SITE,
                        List.of(),
                        null,
                        Set.of(),
                        1000,
                        false,
                        false,
                        null),
                Blob.of(new byte[0]),
                Blob.of(new byte[0]),
                name + version,
                "CN=Releases");
    }

    static NodeObservation node(int number, String name, String version) {
        return node(number, name, version, List.of());
    }

    private static NodeObservation node(
            int number, String name, String version, List<NodeFacts.Staged> staged) {
        return BaseReports.node("eu-" + number, pkg(name, version).ref(), "", staged);
    }

    private static NodeObservation silent(int number) {
        return new NodeObservation(
                new NodeId("eu-" + number), 1, true, null, null, Duration.ZERO, "1", "");
    }

    private static List<String> wished(List<PackageRecord> imported, List<NodeObservation> fleet) {
        return PatchWish.of(imported, fleet).stream()
                .map(wish -> wish.base().contentSha256() + ">" + wish.target().contentSha256())
                .toList();
    }

    @Test
    void fromEveryVersionThatIsInstalledToEveryLaterOneOfTheSameName() {
        List<PackageRecord> imported =
                List.of(
                        pkg("site", "2.0.0"),
                        pkg("site", "2.0.1"),
                        pkg("site", "2.1.0"),
                        pkg("addon", "3.0.0"));

        assertThat(
                        wished(
                                imported,
                                List.of(
                                        node(1, "site", "2.0.1"),
                                        node(2, "site", "2.0.0"),
                                        node(3, "site", "2.0.0"),
                                        node(4, "addon", "1.0.0"),
                                        silent(5))))
                .containsExactly(
                        "site2.0.0>site2.0.1", "site2.0.0>site2.1.0", "site2.0.1>site2.1.0");
    }

    @Test
    @Tag("PKG-4")
    void aVersionThatIsOnlyStagedIsABaseToo() {
        NodeFacts.Staged staged = BaseReports.staged("site2.0.1", 1000, Optional.empty());

        assertThat(
                        wished(
                                List.of(pkg("site", "2.0.1"), pkg("site", "2.0.2")),
                                List.of(node(1, "site", "2.0.0", List.of(staged)))))
                .containsExactly("site2.0.1>site2.0.2");
    }

    @Test
    @Tag("PKG-4")
    void whatNobodyImportedIsABaseWhenNodesHaveItWhole() {
        PackageContent content =
                new PackageContent(
                        51_200,
                        new Sha256("ab".repeat(32)),
                        PackageContent.LEAF_SIZE,
                        new Sha256("cd".repeat(32)));
        PackageRecord target = pkg("site", "2.0.1");
        NodeObservation having = BaseReports.node("eu-1", pkg("site", "2.0.0").ref(), content, "");

        assertThat(PatchWish.of(List.of(target), List.of(having, having)))
                .containsExactly(
                        new PatchWish(
                                new PatchBase.Reported(pkg("site", "2.0.0").ref(), content),
                                target,
                                2));
        assertThat(wished(List.of(target), List.of(node(2, "site", "2.0.0"))))
                .as("a version alone, without its content")
                .isEmpty();
    }

    @Test
    @Tag("PKG-4")
    void whoHasTheTargetNeedsNoPatch() {
        List<PackageRecord> imported = List.of(pkg("site", "2.0.0"), pkg("site", "2.0.1"));
        NodeFacts.Staged target = BaseReports.staged("site2.0.1", 1000, Optional.empty());

        assertThat(wished(imported, List.of(node(1, "site", "2.0.0", List.of(target))))).isEmpty();
    }

    @Test
    void noPatchGoesBackwardsOrFromWhatNobodyRuns() {
        List<PackageRecord> imported = List.of(pkg("site", "2.0.0"), pkg("site", "2.0.1"));

        assertThat(wished(imported, List.of())).isEmpty();
        assertThat(wished(imported, List.of(node(1, "site", "2.0.1")))).isEmpty();
    }

    @Test
    void thereIsABoundOfBasesAndTheMostWidespreadOnesCount() {
        List<PackageRecord> imported = new ArrayList<>(List.of(pkg("site", "3.0.0")));
        List<NodeObservation> fleet = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            imported.add(pkg("site", "2.0." + i));
            for (int j = 0; j <= i; j++) {
                fleet.add(node(100 * i + j, "site", "2.0." + i));
            }
        }

        assertThat(wished(imported, fleet).stream().filter(w -> w.endsWith(">site3.0.0")))
                .containsExactly(
                        "site2.0.9>site3.0.0",
                        "site2.0.8>site3.0.0",
                        "site2.0.7>site3.0.0",
                        "site2.0.6>site3.0.0");
        assertThat(wished(imported, fleet).size()).isLessThanOrEqualTo(PatchWish.MAX_WISHES);
    }
}
