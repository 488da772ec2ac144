package dev.sluice.control.executor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.PackageRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("PKG-4")
final class PatchChoiceTest {

    private static final PackageName SITE = new PackageName("site");
    private static final PackageRecord OLD = pkg("2.0.0", "old", 900);
    private static final PackageRecord NEW = pkg("2.0.1", "new", 1000);
    private static final ContentPatch PATCH = new ContentPatch(OLD.ref(), "old", "p", 100, "r");

    private static PackageRecord pkg(String version, String sha256, long size) {
        return new PackageRecord(
                new PackageDescriptor(
                        new PackageRef(SITE, Version.parse(version)),
                        PackageKind.SITE,
                        List.of(),
                        null,
                        Set.of(),
                        size,
                        false,
                        false,
                        null),
                Blob.of(new byte[0]),
                Blob.of(new byte[0]),
                sha256,
                "CN=Releases");
    }

    private static NodeFacts node(NodeFacts.Staged... staged) {
        return new NodeFacts(
                new TreeMap<>(Map.of(SITE, OLD.ref().version())),
                List.of(staged),
                new NodeFacts.Service(true, "2.0.0", true, "", ""),
                true,
                new TreeMap<>(),
                "",
                0,
                "",
                "",
                new TreeMap<>(),
                0,
                "",
                "");
    }

    private static NodeFacts.Staged base(boolean complete, boolean takesPatches) {
        return new NodeFacts.Staged(
                "old",
                complete ? 900 : 100,
                900,
                complete,
                "",
                new TreeSet<>(),
                "",
                new NodeFacts.Patching(takesPatches, "", 0, new TreeSet<>()),
                Optional.empty());
    }

    private static NodeFacts.Staged coming(long present, String patch, long ofPatch) {
        return new NodeFacts.Staged(
                "new",
                present,
                1000,
                false,
                "",
                new TreeSet<>(),
                "",
                new NodeFacts.Patching(false, patch, ofPatch, new TreeSet<>()),
                Optional.empty());
    }

    private static Optional<ContentPatch> choice(NodeFacts facts) {
        return PatchChoice.of(NEW, facts, List.of(PATCH));
    }

    @Test
    void aNodeThatHasTheBasesContentGetsThePatch() {
        assertThat(choice(node(base(true, true)))).contains(PATCH);
    }

    @Test
    void aNodeWithoutTheBasesContentPullsTheWholeThoughTheBaseIsInstalled() {
        assertThat(choice(node())).isEmpty();
        assertThat(choice(node(base(false, true)))).isEmpty();
    }

    @Test
    void anAgentThatKnowsNoPatchesPullsTheWhole() {
        assertThat(choice(node(base(true, false)))).isEmpty();
    }

    @Test
    void aPatchThatFailedIsNotTriedAgain() {
        NodeFacts.Staged failed =
                new NodeFacts.Staged(
                        "new",
                        0,
                        1000,
                        false,
                        "",
                        new TreeSet<>(),
                        "",
                        new NodeFacts.Patching(false, "", 0, new TreeSet<>(Set.of("p"))),
                        Optional.empty());

        assertThat(choice(node(base(true, true), failed))).isEmpty();
    }

    @Test
    void whatANodeHasKeepsItOnItsWay() {
        NodeFacts.Staged old = base(true, true);

        assertThat(choice(node(old, coming(901, "", 0)))).as("99 bytes are left").isEmpty();
        assertThat(choice(node(old, coming(899, "", 0)))).as("101 are left").contains(PATCH);
        assertThat(choice(node(old, coming(901, "p", 50)))).contains(PATCH);
        assertThat(choice(node(old, coming(990, "p", 100)))).as("applying").contains(PATCH);
    }

    @Test
    void theSmallestPatchIsChosen() {
        ContentPatch smaller = new ContentPatch(OLD.ref(), "old", "q", 99, "r");
        ContentPatch ofAnother = new ContentPatch(OLD.ref(), "older", "s", 1, "r");

        assertThat(PatchChoice.of(NEW, node(base(true, true)), List.of(PATCH, smaller, ofAnother)))
                .contains(smaller);
    }

    @Test
    void onlyWhoCouldUseAPatchWaitsForIt() {
        Set<String> inMaking = Set.of("old", "older");

        assertThat(PatchChoice.awaits(NEW, node(base(true, true)), inMaking)).isTrue();
        assertThat(PatchChoice.awaits(NEW, node(base(true, true), coming(1, "", 0)), inMaking))
                .isFalse();
        assertThat(PatchChoice.awaits(NEW, node(base(true, false)), inMaking)).isFalse();
        assertThat(PatchChoice.awaits(NEW, node(), inMaking)).isFalse();
        assertThat(PatchChoice.awaits(NEW, node(base(true, true)), Set.of("older"))).isFalse();
    }
}
