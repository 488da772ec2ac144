package dev.sluice.control.planner.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.model.Work;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.planner.PlanningInput;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Takes a good blueprint, breaks one rule, and expects the checker to name it. */
class BlueprintCheckerTest {

    private final Fixture fixture =
            Fixture.twoMasters()
                    .region("eu", 4)
                    .node("eu-5", "eu", Fixture.closed())
                    .region("us", 3)
                    .steppingStones()
                    .target("site 25.1.0");
    private final PlanningInput input = fixture.input();
    private final Blueprint good = fixture.blueprint();

    @Test
    void findsNothingInAGoodBlueprint() {
        assertThat(BlueprintChecker.check(input, good)).isEmpty();
    }

    @Test
    @Tag("PRE-1")
    void namesAMissingBackup() {
        assertBreaks(Rule.BACKUP_FIRST, without(first(is(StepKind.BACKUP))));
    }

    @Test
    void namesABackupThatOtherStepsDoNotAwait() {
        Step sync = first(is(StepKind.SYNC));
        assertBreaks(Rule.BACKUP_FIRST, replace(sync, after(List.of())));
    }

    @Test
    void namesAMissingDrain() {
        assertBreaks(
                Rule.DRAINED_BEFORE_INSTALL, without(first(is(StepKind.DRAIN).and(on("us-1")))));
    }

    @Test
    void namesAnInstallThatDoesNotAwaitItsDrain() {
        Step install = last(is(StepKind.INSTALL).and(on(second("us"))).and(pkg("base 7.0.0")));
        assertBreaks(
                Rule.DRAINED_BEFORE_INSTALL,
                replace(
                        install,
                        after(List.of(last(is(StepKind.RESYNC).and(phase("PROMOTION"))).id()))));
    }

    @Test
    void namesADrainOfANodeThatStillTakesClients() {
        Step close = first(is(StepKind.CLOSE_ADMISSION).and(on("us-1")));
        assertBreaks(Rule.CLOSED_BEFORE_DRAIN, without(close));
    }

    @Test
    void namesANodeThatIsNeverOpenedAgain() {
        assertBreaks(
                Rule.REOPENED, without(last(is(StepKind.OPEN_ADMISSION).and(on(second("eu"))))));
    }

    @Test
    void namesANodeThatOpensUnverified() {
        assertBreaks(
                Rule.VERIFIED_BEFORE_OPEN,
                without(last(is(StepKind.VERIFY).and(on(second("us"))))));
    }

    @Test
    void namesAnOperatorsNodeThatIsPutIntoService() {
        Step verify = last(is(StepKind.VERIFY).and(on("eu-5")));
        assertBreaks(
                Rule.OPERATOR_CLOSED_STAYS,
                insertBehind(verify, new Work.OpenAdmission(verify.node())));
    }

    @Test
    void namesAMissingDistribution() {
        assertBreaks(
                Rule.DISTRIBUTED_BEFORE_INSTALL,
                without(first(is(StepKind.DISTRIBUTE).and(on("eu-1")))));
    }

    @Test
    @Tag("CLU-1")
    void namesAGateThatDoesNotAwaitEveryDistribution() {
        Step gate = first(s -> s.work() instanceof Work.VerifyCluster);
        assertBreaks(
                Rule.DISTRIBUTED_BEFORE_INSTALL,
                replace(gate, after(gate.after().subList(0, gate.after().size() - 1))));
    }

    @Test
    @Tag("PKG-5")
    void namesSiteBeforeBase() {
        Step base = last(is(StepKind.INSTALL).and(on("m-b")).and(pkg("base 7.0.0")));
        Step site = last(is(StepKind.INSTALL).and(on("m-b")).and(pkg("site 25.1.0")));
        List<Step> steps = new ArrayList<>(good.steps());
        steps.set(steps.indexOf(base), work(base, site.work()));
        steps.set(steps.indexOf(site), work(site, base.work()));
        assertBreaks(Rule.PACKAGES_IN_ORDER, steps);
    }

    @Test
    void namesInstallsThatRunTogether() {
        Step base = last(is(StepKind.INSTALL).and(on("m-b")).and(pkg("base 7.0.0")));
        Step site = last(is(StepKind.INSTALL).and(on("m-b")).and(pkg("site 25.1.0")));
        assertBreaks(Rule.PACKAGES_IN_ORDER, replace(site, after(base.after())));
    }

    @Test
    void namesANodeThatIsForgotten() {
        Set<StepKind> node = Set.of(StepKind.DISTRIBUTE, StepKind.BREAK_FAILOVER);
        assertBreaks(
                Rule.REACHES_THE_TARGET,
                without(s -> s.node().value().equals("us-2") && !node.contains(s.kind())));
    }

    @Test
    @Tag("CLU-2")
    void namesASecondHalfThatDoesNotAwaitTheFirst() {
        Step close = first(is(StepKind.CLOSE_ADMISSION).and(on(second("eu"))));
        Step gate = first(s -> s.work() instanceof Work.VerifyCluster);
        assertBreaks(Rule.ACCEPTING_SHARE, replace(close, after(List.of(gate.id()))));
    }

    @Test
    void namesTwoPromotions() {
        Step promote = first(is(StepKind.PROMOTE));
        assertBreaks(Rule.ONE_PROMOTION, insertBehind(promote, promote.work()));
    }

    @Test
    void namesAMissingPromotion() {
        assertBreaks(Rule.ONE_PROMOTION, without(first(is(StepKind.PROMOTE))));
    }

    @Test
    void namesAnInstallOnThePrimary() {
        Step install = first(is(StepKind.INSTALL).and(on("m-a")));
        Step failover = first(is(StepKind.BREAK_FAILOVER));
        List<Step> steps = new ArrayList<>(good.steps());
        steps.remove(install);
        steps.add(
                steps.indexOf(failover) + 1,
                new Step(
                        install.id(),
                        install.pass(),
                        install.phase(),
                        install.region(),
                        install.work(),
                        List.of(failover.id())));
        assertBreaks(Rule.PRIMARY_LAST, steps);
    }

    @Test
    void namesAnUpgradedNodeThatOpensUnderTheOldPrimary() {
        Step open = first(is(StepKind.OPEN_ADMISSION));
        Step half =
                first(s ->
                        s.work() instanceof Work.VerifyCluster v
                                && v.gate() == Work.Gate.HALF_UPGRADED);
        assertBreaks(Rule.OPEN_BEHIND_PROMOTION, replace(open, after(List.of(half.id()))));
    }

    @Test
    void namesAMissingFreeze() {
        assertBreaks(Rule.FREEZE_PAIRED, without(first(is(StepKind.FREEZE))));
    }

    @Test
    void namesAFreezeThatIsNeverReleased() {
        assertBreaks(Rule.FREEZE_PAIRED, without(last(is(StepKind.UNFREEZE))));
    }

    @Test
    @Tag("PRE-4")
    void namesAMissingSoak() {
        assertBreaks(Rule.SOAK_BETWEEN_SITES, without(first(is(StepKind.SOAK))));
    }

    @Test
    void namesASoakThatIsTooShort() {
        Step soak = first(is(StepKind.SOAK));
        assertBreaks(
                Rule.SOAK_BETWEEN_SITES,
                replace(
                        soak,
                        s ->
                                work(
                                        s,
                                        new Work.Soak(
                                                s.node(),
                                                Fixture.ref("site 24.3.0"),
                                                Duration.ofHours(1)))));
    }

    @Test
    void namesAFailoverThatStaysBroken() {
        assertBreaks(Rule.FAILOVER_RESTORED, without(last(is(StepKind.RESTORE_FAILOVER))));
    }

    @Test
    void namesPassesThatOverlap() {
        Step backup = last(is(StepKind.BACKUP));
        assertBreaks(
                Rule.PASSES_IN_ORDER,
                replace(backup, after(List.of(good.steps().getFirst().id()))));
    }

    @Test
    void namesAnIdUsedTwiceAndAnUnknownOne() {
        Step drain = first(is(StepKind.DRAIN));
        assertBreaks(Rule.GRAPH_IN_ORDER, replace(drain, after(List.of(new StepId("s99999")))));
        assertBreaks(
                Rule.GRAPH_IN_ORDER,
                replace(
                        drain,
                        s ->
                                new Step(
                                        new StepId("s1"),
                                        s.pass(),
                                        s.phase(),
                                        s.region(),
                                        s.work(),
                                        s.after())));
    }

    @Test
    void namesANodeThatDoesNotExist() {
        Step drain = first(is(StepKind.DRAIN));
        assertBreaks(
                Rule.KNOWN_NODES,
                replace(drain, s -> work(s, new Work.Drain(new NodeId("nobody")))));
    }

    @Test
    void namesAnotherAnswerThanWasAskedFor() {
        PlanningInput other =
                new PlanningInput(
                        input.topology(),
                        input.catalogue(),
                        Fixture.installed("site 24.3.0"),
                        input.policy(),
                        input.strategy(),
                        false);
        assertThat(rules(BlueprintChecker.check(other, good))).contains(Rule.ANSWERS_THE_INPUT);
    }

    private void assertBreaks(Rule rule, List<Step> steps) {
        List<Violation> found = BlueprintChecker.check(input, with(steps));
        assertThat(rules(found)).as("%s", found).contains(rule);
    }

    private static Set<Rule> rules(List<Violation> violations) {
        return violations.stream()
                .map(Violation::rule)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Blueprint with(List<Step> steps) {
        return new Blueprint(
                good.strategy(),
                good.target(),
                good.path(),
                good.halves(),
                steps,
                good.policy(),
                good.withoutBackup());
    }

    private static Predicate<Step> is(StepKind kind) {
        return s -> s.kind() == kind;
    }

    private static Predicate<Step> on(String node) {
        return s -> s.node().value().equals(node);
    }

    private static Predicate<Step> phase(String phase) {
        return s -> s.phase().name().equals(phase);
    }

    private static Predicate<Step> pkg(String text) {
        PackageRef ref = Fixture.ref(text);
        return s -> s.pkg().filter(ref::equals).isPresent();
    }

    private String second(String region) {
        return good.halves().entrySet().stream()
                .filter(e -> e.getKey().value().equals(region))
                .map(e -> e.getValue().second().getFirst().value())
                .findFirst()
                .orElseThrow();
    }

    private Step first(Predicate<Step> wanted) {
        return good.steps().stream().filter(wanted).findFirst().orElseThrow();
    }

    private Step last(Predicate<Step> wanted) {
        return good.steps().reversed().stream().filter(wanted).findFirst().orElseThrow();
    }

    private static UnaryOperator<Step> after(List<StepId> after) {
        return s -> new Step(s.id(), s.pass(), s.phase(), s.region(), s.work(), after);
    }

    private static Step work(Step step, Work work) {
        return new Step(step.id(), step.pass(), step.phase(), step.region(), work, step.after());
    }

    private List<Step> replace(Step old, UnaryOperator<Step> change) {
        return good.steps().stream().map(s -> s.equals(old) ? change.apply(s) : s).toList();
    }

    private List<Step> insertBehind(Step place, Work work) {
        List<Step> steps = new ArrayList<>(good.steps());
        steps.add(
                steps.indexOf(place) + 1,
                new Step(
                        new StepId("extra"),
                        place.pass(),
                        place.phase(),
                        place.region(),
                        work,
                        List.of(place.id())));
        return steps;
    }

    private List<Step> without(Step dropped) {
        return without(s -> s.equals(dropped));
    }

    /** Drops steps; whoever waited for one waits for what it waited for. */
    private List<Step> without(Predicate<Step> dropped) {
        List<Step> steps = new ArrayList<>(good.steps());
        for (Step gone : good.steps().stream().filter(dropped).toList()) {
            steps.removeIf(s -> s.id().equals(gone.id()));
            Step current = gone;
            for (int i = 0; i < steps.size(); i++) {
                Step step = steps.get(i);
                if (step.after().contains(gone.id())) {
                    List<StepId> after = new ArrayList<>(step.after());
                    after.remove(gone.id());
                    current.after().stream().filter(a -> !after.contains(a)).forEach(after::add);
                    Set<StepId> left = steps.stream().map(Step::id).collect(Collectors.toSet());
                    after.removeIf(a -> !left.contains(a));
                    steps.set(i, after(after).apply(step));
                }
            }
        }
        return steps;
    }
}
