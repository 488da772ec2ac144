package dev.sluice.control.api;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.model.Halves;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.state.Capacity;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Upgrade;
import dev.sluice.control.state.UpgradeStatus;
import dev.sluice.v1.NodeProgress;
import dev.sluice.v1.PhaseTiming;
import dev.sluice.v1.RegionProgress;
import dev.sluice.v1.UpgradeSummary;
import dev.sluice.v1.Waiting;
import dev.sluice.v1.WatchUpgradeResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The upgrade as one master sees it now: from the durable state alone how far it is, from the
 * nodes' reports what they serve and run.
 */
final class UpgradeProgressView {

    /** Waits shown; the rest is counted. More is no use to anybody who looks on. */
    static final int MAX_WAITS = 200;

    private final Outlook outlook;
    private final Upgrade upgrade;

    private UpgradeProgressView(Outlook outlook, Upgrade upgrade) {
        this.outlook = outlook;
        this.upgrade = upgrade;
    }

    /** The view; without a plan's id when there never was an upgrade. */
    static WatchUpgradeResponse of(Outlook outlook) {
        return outlook.state()
                .currentUpgrade()
                .map(upgrade -> new UpgradeProgressView(outlook, upgrade).view())
                .orElseGet(() ->
                        WatchUpgradeResponse.newBuilder()
                                .addAllMasters(StatusView.masters(outlook))
                                .setPrimary(outlook.primary().map(NodeId::value).orElse(""))
                                .build());
    }

    private WatchUpgradeResponse view() {
        WatchUpgradeResponse.Builder view =
                WatchUpgradeResponse.newBuilder()
                        .setSummary(summary(upgrade))
                        .addAllMasters(StatusView.masters(outlook))
                        .setPrimary(outlook.primary().map(NodeId::value).orElse(""))
                        .addAllWaiting(waiting())
                        .addAllPhases(phases(upgrade))
                        .addAllHaltReasons(upgrade.haltReasons())
                        .addAllWarnings(upgrade.warnings());
        upgrade.setAside()
                .forEach((node, reason) -> view.addNodesSetAside("%s: %s".formatted(node, reason)));
        view.addAllForcedChanges(WireValues.forced(outlook.state().configuration()));
        SortedMap<RegionId, List<TrafficNode>> regions = new TreeMap<>();
        outlook.state()
                .trafficNodes()
                .forEach(node ->
                        regions.computeIfAbsent(node.region(), _ -> new ArrayList<>()).add(node));
        regions.forEach((region, nodes) -> view.addRegions(region(region, nodes)));
        return view.build();
    }

    static UpgradeSummary summary(Upgrade upgrade) {
        return UpgradeSummary.newBuilder()
                .setPlanId(upgrade.id().value())
                .setState(WireValues.of(upgrade.status()))
                .setPhase(currentPhase(upgrade).map(Phase::name).orElse(""))
                .putAllTarget(WireValues.of(upgrade.blueprint().target()))
                .setStepsTotal(upgrade.graph().steps().size())
                .setStepsDone(upgrade.stepsOver())
                .build();
    }

    /** The phase of the first step that is not over; empty before the start and after the end. */
    private static Optional<Phase> currentPhase(Upgrade upgrade) {
        if (upgrade.status() == UpgradeStatus.PLANNED || upgrade.status().isOver()) {
            return Optional.empty();
        }
        return upgrade.graph().steps().stream()
                .filter(step -> !upgrade.statusOf(step.id()).isOver())
                .map(Step::phase)
                .findFirst();
    }

    private RegionProgress region(RegionId region, List<TrafficNode> nodes) {
        RegionProgress.Builder progress =
                RegionProgress.newBuilder()
                        .setRegion(region.value())
                        .setNodes(nodes.size())
                        .setRequiredAccepting(
                                Capacity.of(outlook.state(), region, Set.of()).required());
        Halves halves = upgrade.blueprint().halves().get(region);
        Set<NodeId> first = halves == null ? Set.of() : Set.copyOf(halves.first());
        Set<NodeId> second = halves == null ? Set.of() : Set.copyOf(halves.second());
        int accepting = 0;
        int sessions = 0;
        for (TrafficNode node : nodes) {
            int half = first.contains(node.id()) ? 1 : second.contains(node.id()) ? 2 : 0;
            NodeProgress one = node(node.id(), half);
            accepting += one.getAccepting() ? 1 : 0;
            sessions += one.getSessions();
            progress.addNodeProgress(one);
        }
        return progress.setAccepting(accepting).setSessions(sessions).build();
    }

    private NodeProgress node(NodeId node, int half) {
        List<Step> steps = upgrade.graph().stepsOf(node);
        NodeProgress.Builder progress =
                NodeProgress.newBuilder()
                        .setNode(node.value())
                        .setHalf(half)
                        .setAccepting(outlook.accepts(node))
                        .setState(stateOf(node, steps));
        steps.stream()
                .filter(step -> upgrade.statusOf(step.id()) == StepStatus.RUNNING)
                .findFirst()
                .ifPresent(step -> progress.setStep(step.kind().name()));
        outlook.reported(node).ifPresent(facts -> facts(facts, progress));
        return progress.build();
    }

    private static void facts(NodeFacts facts, NodeProgress.Builder progress) {
        progress.setSessions(facts.clients()).putAllInstalled(WireValues.of(facts.installed()));
    }

    private String stateOf(NodeId node, List<Step> steps) {
        if (upgrade.setAside().containsKey(node)) {
            return "SET_ASIDE";
        }
        boolean over = true;
        boolean running = false;
        for (Step step : steps) {
            StepStatus status = upgrade.statusOf(step.id());
            over &= status.isOver();
            running |= status == StepStatus.RUNNING;
        }
        if (over) {
            return "DONE";
        }
        return running || Capacity.isOutByPlan(upgrade, node) ? "ACTIVE" : "PENDING";
    }

    /** What the executor waits for; on a backup what runs elsewhere, as far as events tell. */
    private List<Waiting> waiting() {
        List<Waiting> all =
                outlook.isInOffice()
                        ? outlook.waits().stream().map(UpgradeProgressView::wire).toList()
                        : runningElsewhere();
        if (all.size() <= MAX_WAITS) {
            return all;
        }
        List<Waiting> some = new ArrayList<>(all.subList(0, MAX_WAITS));
        some.add(
                Waiting.newBuilder()
                        .setSubject("others")
                        .setReason("%d more are not shown".formatted(all.size() - MAX_WAITS))
                        .build());
        return some;
    }

    private static Waiting wire(dev.sluice.control.executor.Waiting wait) {
        Waiting.Builder wire =
                Waiting.newBuilder()
                        .setStepId(wait.step().value())
                        .setKind(wait.kind().name())
                        .setSubject(wait.subject())
                        .setReason(wait.reason())
                        .setAttempt(wait.attempt());
        return since(wire, wait.since()).build();
    }

    private List<Waiting> runningElsewhere() {
        List<Waiting> all = new ArrayList<>();
        for (Step step : upgrade.graph().steps()) {
            StepRecord record = upgrade.record(step.id());
            if (record.status() == StepStatus.RUNNING) {
                Waiting.Builder wire =
                        Waiting.newBuilder()
                                .setStepId(step.id().value())
                                .setKind(step.kind().name())
                                .setSubject(step.node().value())
                                .setReason(asRecorded(record))
                                .setAttempt(record.attempts());
                all.add(since(wire, record.startedAt()).build());
            }
        }
        return all;
    }

    private String asRecorded(StepRecord record) {
        if (record.heldClients() > 0) {
            return "held at its deadline with %d clients connected; an operator decides"
                    .formatted(record.heldClients());
        }
        return outlook.primary()
                .map("it runs; master %s knows the details"::formatted)
                .orElse("it was running when the last primary left office");
    }

    private static Waiting.Builder since(Waiting.Builder wire, @Nullable Instant since) {
        return since == null ? wire : wire.setSince(WireValues.of(since));
    }

    private record PhaseOfPass(int pass, Phase phase) {}

    /** Each phase of each pass, in the blueprint's order. */
    private static List<PhaseTiming> phases(Upgrade upgrade) {
        Map<PhaseOfPass, List<StepRecord>> records = new LinkedHashMap<>();
        for (Step step : upgrade.graph().steps()) {
            records.computeIfAbsent(
                            new PhaseOfPass(step.pass(), step.phase()), _ -> new ArrayList<>())
                    .add(upgrade.record(step.id()));
        }
        List<PhaseTiming> timings = new ArrayList<>();
        records.forEach((phase, steps) -> timings.add(timing(phase, steps)));
        return timings;
    }

    private static PhaseTiming timing(PhaseOfPass phase, List<StepRecord> steps) {
        int done = Math.toIntExact(steps.stream().filter(r -> r.status().isOver()).count());
        PhaseTiming.Builder timing =
                PhaseTiming.newBuilder()
                        .setPass(phase.pass())
                        .setPhase(phase.phase().name())
                        .setStepsTotal(steps.size())
                        .setStepsDone(done);
        steps.stream()
                .flatMap(r -> Optional.ofNullable(r.startedAt()).stream())
                .min(Instant::compareTo)
                .ifPresent(at -> timing.setStarted(WireValues.of(at)));
        if (done == steps.size()) {
            steps.stream()
                    .flatMap(r -> Optional.ofNullable(r.endedAt()).stream())
                    .max(Instant::compareTo)
                    .ifPresent(at -> timing.setEnded(WireValues.of(at)));
        }
        return timing.build();
    }
}
