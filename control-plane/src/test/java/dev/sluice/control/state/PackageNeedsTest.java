package dev.sluice.control.state;

import static dev.sluice.control.state.Ledger.A;
import static dev.sluice.control.state.Ledger.ALICE;
import static dev.sluice.control.state.Ledger.PLAN;
import static dev.sluice.control.state.Ledger.fixture;
import static dev.sluice.control.state.Ledger.founded;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.planner.Fixture;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What may be removed, and what a plan, a rollback, a node or an operator still needs. */
@Tag("PKG-4")
final class PackageNeedsTest {

    private static final NodeId EU_1 = new NodeId("eu-1");
    private static final PackageRef OLD = Fixture.ref("base 5.0.0");
    private static final PackageRef RUNS = Fixture.ref("base 6.2.0");
    private static final PackageRef NEXT = Fixture.ref("base 7.0.0");
    private static final PackageRef LATER = Fixture.ref("base 8.0.0");

    /** Four versions imported; base 6.2.0 was founded with and runs everywhere. */
    private static Ledger withFour() {
        Ledger ledger = founded();
        for (PackageRef ref : List.of(OLD, RUNS, LATER)) {
            ledger.accepted(new Command.ImportPackage(pkg(ref), ALICE));
        }
        return ledger;
    }

    private static PackageRecord pkg(PackageRef ref) {
        return new PackageRecord(
                new PackageDescriptor(
                        ref, PackageKind.BASE, List.of(), null, Set.of(), 9, true, false, null),
                Blob.of(new byte[0]),
                Blob.of(new byte[0]),
                "sha of " + ref,
                "CN=Releases");
    }

    private static List<NodeId> nodes(Ledger ledger) {
        List<NodeId> nodes = new ArrayList<>();
        ledger.state.trafficNodes().forEach(node -> nodes.add(node.id()));
        nodes.addAll(List.of(A, Ledger.B));
        return nodes;
    }

    private static Installations all(Ledger ledger, PackageRef ref) {
        return except(ledger, ref, List.of(), new TreeMap<>());
    }

    private static Installations except(
            Ledger ledger,
            PackageRef ref,
            List<NodeId> silent,
            SortedMap<PackageName, Version> previous) {
        SortedMap<NodeId, Installations.Installation> byNode = new TreeMap<>();
        for (NodeId node : nodes(ledger)) {
            if (!silent.contains(node)) {
                byNode.put(
                        node,
                        new Installations.Installation(
                                new TreeMap<>(java.util.Map.of(ref.name(), ref.version())),
                                previous));
            }
        }
        return new Installations(byNode);
    }

    private static List<PackageRef> needed(Ledger ledger, Installations installed) {
        return PackageNeeds.of(ledger.state, installed).needed().stream()
                .map(PackageRecord::ref)
                .toList();
    }

    private static Command acceptReplacing(PackageRef... replaces) {
        return new Command.AcceptPlan(
                PLAN, fixture().blueprint(), List.of(), ALICE, List.of(replaces));
    }

    @Test
    void needsWhatAnyNodeRunsAndNothingElseWhenNothingIsPlanned() {
        Ledger ledger = withFour();

        assertThat(needed(ledger, all(ledger, RUNS))).containsExactly(RUNS);
    }

    @Test
    void needsWhatIsInAPreviousSlotOfASingleNode() {
        Ledger ledger = withFour();
        SortedMap<NodeId, Installations.Installation> byNode =
                new TreeMap<>(all(ledger, RUNS).byNode());
        byNode.put(
                EU_1,
                new Installations.Installation(
                        new TreeMap<>(java.util.Map.of(RUNS.name(), RUNS.version())),
                        new TreeMap<>(java.util.Map.of(OLD.name(), OLD.version()))));

        assertThat(needed(ledger, new Installations(byNode))).containsExactly(OLD, RUNS);
    }

    @Test
    void needsEverythingOfAPlanThatIsPlannedRunningPausedOrHaltedAndWhatItReplaces() {
        Ledger ledger = withFour();
        ledger.accepted(acceptReplacing(RUNS, OLD));
        assertThat(needed(ledger, all(ledger, RUNS))).containsExactly(OLD, RUNS, NEXT);

        ledger.accepted(new Command.StartUpgrade(PLAN, ALICE));
        assertThat(needed(ledger, all(ledger, NEXT))).containsExactly(OLD, RUNS, NEXT);

        ledger.accepted(new Command.PauseUpgrade(ALICE));
        assertThat(needed(ledger, all(ledger, LATER))).containsExactly(OLD, RUNS, NEXT, LATER);

        ledger.accepted(new Command.AbortUpgrade("enough", ALICE));
        assertThat(needed(ledger, all(ledger, RUNS))).containsExactly(OLD, RUNS, NEXT);
    }

    @Test
    void keepsWhatTheLastUpgradeReplacedUntilTheNextIsPlannedButNotWhatItWouldHaveInstalled() {
        Ledger ledger = withFour();
        ledger.accepted(acceptReplacing(OLD));
        ledger.accepted(new Command.AbortUpgrade("not tonight", ALICE));

        assertThat(needed(ledger, all(ledger, RUNS))).containsExactly(OLD, RUNS);

        ledger.accepted(
                new Command.AcceptPlan(
                        new dev.sluice.control.model.PlanId("p-2"),
                        fixture().blueprint(),
                        List.of(),
                        ALICE,
                        List.of(RUNS)));
        assertThat(needed(ledger, all(ledger, RUNS))).containsExactly(RUNS, NEXT);
    }

    @Test
    void aNodeThatNeverReportedMayRunWhatTheClusterWasFoundedWith() {
        Ledger ledger = withFour();

        assertThat(needed(ledger, except(ledger, NEXT, List.of(EU_1), new TreeMap<>())))
                .containsExactly(RUNS, NEXT);
    }

    @Test
    void aNodeThatNeverReportedMayRunWhatTheLastPlanFoundOrInstalled() {
        Ledger ledger = withFour();
        ledger.accepted(acceptReplacing(OLD));
        ledger.accepted(new Command.AbortUpgrade("not tonight", ALICE));

        assertThat(needed(ledger, except(ledger, RUNS, List.of(EU_1), new TreeMap<>())))
                .containsExactly(OLD, RUNS, NEXT);
    }

    @Test
    void withAPlanThatDidNotRecordWhatItFoundASilentNodeMayRunAnything() {
        Ledger ledger = withFour();
        ledger.accepted(Ledger.accept(fixture().blueprint()));
        ledger.accepted(new Command.AbortUpgrade("not tonight", ALICE));

        assertThat(needed(ledger, all(ledger, RUNS))).containsExactly(RUNS);
        assertThat(needed(ledger, except(ledger, RUNS, List.of(A), new TreeMap<>())))
                .containsExactly(OLD, RUNS, NEXT, LATER);
    }

    @Test
    void needsWhatIsDistributedAtAllTimes() {
        Ledger ledger = withFour();
        ledger.accepted(new Command.ChooseDistribution(LATER, true, ALICE));

        assertThat(needed(ledger, all(ledger, RUNS))).containsExactly(RUNS, LATER);
    }

    @Test
    void removesOnlyWhatIsNotNeededAndSaysForWhatItIs() {
        Ledger ledger = withFour();
        ledger.accepted(acceptReplacing(RUNS));
        Installations installed = all(ledger, RUNS);

        assertThat(ledger.rejected(remove(NEXT, installed)))
                .isEqualTo(
                        "package base 7.0.0: is needed: upgrade p-1, which is PLANNED, installs it");
        assertThat(ledger.rejected(remove(RUNS, installed)))
                .contains(
                        "a rollback of upgrade p-1 would install it",
                        "node eu-1 has it installed",
                        "and 4 more");
        assertThat(ledger.rejected(remove(Fixture.ref("base 1.0.0"), installed)))
                .contains("is not imported");

        assertThat(ledger.accepted(remove(OLD, installed)))
                .containsExactly(new Event.PackageRemoved(OLD, "old", ALICE));
        assertThat(ledger.state.packages()).containsOnlyKeys(RUNS, NEXT, LATER);
        assertThat(ledger.rejected(remove(OLD, installed))).contains("is not imported");
    }

    private static Command remove(PackageRef ref, Installations installed) {
        return new Command.RemovePackage(ref, installed, "old", ALICE);
    }

    @Test
    void whatIsNewerThanTheOldestThatRunsIsNotRemovedByItself() {
        Ledger ledger = withFour();
        PackageNeeds needs = PackageNeeds.of(ledger.state, all(ledger, RUNS));

        assertThat(needs.whyNotByItself(OLD)).isEmpty();
        assertThat(needs.whyNotByItself(RUNS).orElseThrow()).contains("has it installed");
        assertThat(needs.whyNotByItself(LATER)).contains("base 6.2.0 runs, and this is not older");
        assertThat(
                        PackageNeeds.of(ledger.state, new Installations(new TreeMap<>()))
                                .whyNotByItself(OLD))
                .isEqualTo(Optional.of("no version of it is known to run"));
    }
}
