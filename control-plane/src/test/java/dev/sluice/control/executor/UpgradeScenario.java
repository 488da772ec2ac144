package dev.sluice.control.executor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.AgentCommand.AgentWork;
import dev.sluice.control.failover.Electorate;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Halves;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Work;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decider;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Recorded;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Upgrade;
import dev.sluice.control.state.UpgradeStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A whole upgrade in the words of a test, without a thread, a clock or a wire: the real planner,
 * decider and pass over nodes that obey. One tick is one second, and the promises that no run may
 * break are checked at every event and every command.
 */
final class UpgradeScenario {

    static final NodeId A = new NodeId("m-a");
    static final NodeId B = new NodeId("m-b");
    static final PlanId PLAN = new PlanId("p-1");
    static final Actor ALICE = new Actor("alice");
    static final String ADDRESS = "10.0.0.1";
    private static final Instant START = Instant.parse("2026-03-01T10:00:00Z");

    /** More than any run needs; one that is not over by then hangs. */
    private static final int MAX_TICKS = 20_000;

    private record Watched(int attempt, StepStatus status, boolean held, long since, long index) {}

    final SortedMap<NodeId, FakeNode> nodes = new TreeMap<>();
    final List<Event> events = new ArrayList<>();
    final Blueprint blueprint;
    private final Topology topology;
    private final Map<Blob, String> contents = new HashMap<>();
    private final Map<StepId, Watched> watched = new HashMap<>();
    private final Map<String, Situation.BackupResult> backups = new HashMap<>();
    ClusterState state = ClusterState.EMPTY;
    NodeId self = A;
    List<Waiting> waits = List.of();

    /** Whether the primary itself can serve packages. */
    boolean primaryHasContent = true;

    /** What makes a package of another, where the primary has it. */
    List<ContentPatch> patches = List.of();

    /** Where nodes were told to pull from, by command. */
    Function<String, AgentCommand.Pull> told = _ -> AgentCommand.Pull.NOTHING;

    @Nullable PackageRef patched;
    Set<String> patchesInMaking = Set.of();
    int backupsToFail;
    boolean peersFollow = true;
    Predicate<String> forgetsOutcome = _ -> false;
    Predicate<AgentCommand> losesCommand = _ -> false;
    private @Nullable Ballot ballot;
    private long incarnation = 1;
    private long seconds;
    int keepOrders;
    private long sendings;

    private UpgradeScenario(Fixture fixture) {
        PlanningInput input = fixture.input();
        this.topology = input.topology();
        this.blueprint = fixture.blueprint();
        takeOffice();
        accepted(new Command.FoundCluster(topology, input.policy()));
        input.catalogue()
                .packages()
                .values()
                .forEach(descriptor -> {
                    PackageRef ref = descriptor.ref();
                    Blob manifest = Blob.of(ref.toString().getBytes(StandardCharsets.UTF_8));
                    String sha = "sha of " + ref;
                    contents.put(manifest, sha);
                    accepted(
                            new Command.ImportPackage(
                                    new PackageRecord(
                                            descriptor, manifest, manifest, sha, "CN=Releases"),
                                    ALICE));
                });
        topology.masters()
                .forEach(m ->
                        add(
                                new FakeNode(
                                        m.id(),
                                        m.region(),
                                        true,
                                        m.installed(),
                                        false,
                                        0,
                                        contents)));
        topology.nodes()
                .forEach(n ->
                        add(
                                new FakeNode(
                                        n.id(),
                                        n.region(),
                                        false,
                                        n.installed(),
                                        n.accepting(),
                                        n.connected(),
                                        contents)));
    }

    private void add(FakeNode node) {
        nodes.put(node.id, node);
    }

    /** Two masters, four nodes in eu and three in us; base 7.0.0 and site 24.3.0 to upgrade to. */
    static Fixture cluster() {
        return Fixture.twoMasters()
                .region("eu", 4)
                .region("us", 3)
                .pkg("base 7.0.0", "base >=6.1.0")
                .pkg("site 24.3.0", "base >=7.0.0")
                .target("site 24.3.0");
    }

    static UpgradeScenario planned(Fixture fixture) {
        UpgradeScenario scenario = new UpgradeScenario(fixture);
        scenario.accepted(new Command.AcceptPlan(PLAN, scenario.blueprint, List.of(), ALICE));
        return scenario;
    }

    static UpgradeScenario started(Fixture fixture) {
        UpgradeScenario scenario = planned(fixture);
        scenario.accepted(new Command.StartUpgrade(PLAN, ALICE));
        return scenario;
    }

    // What happens.

    Decision decide(Command command) {
        Decision decision = Decider.decide(state, command);
        if (decision instanceof Decision.Accepted(var decided)) {
            decided.forEach(this::happens);
        }
        return decision;
    }

    void accepted(Command command) {
        assertThat(decide(command)).as("%s", command).isInstanceOf(Decision.Accepted.class);
    }

    /** A package more than the fixture has. */
    void imported(PackageRecord pkg) {
        contents.put(pkg.manifest(), pkg.contentSha256());
        accepted(new Command.ImportPackage(pkg, ALICE));
    }

    String rejected(Command command) {
        return decide(command) instanceof Decision.Rejected(var refusal)
                ? refusal.subject() + ": " + refusal.reason()
                : "accepted " + command;
    }

    private void happens(Event event) {
        if (event instanceof Event.StepStarted(var _, var step, var _)) {
            startsInItsTurn(step(step), step(step));
            closesOnlyWhatTheBudgetAllows(step(step));
        }
        Ballot under =
                event instanceof Event.PrimaryTookOffice(var taken, var _, var _)
                        ? taken
                        : office();
        events.add(event);
        state = state.apply(new Recorded(state.index() + 1, now(), under, event));
    }

    private Ballot office() {
        if (ballot == null) {
            throw new AssertionError("nobody is in office");
        }
        return ballot;
    }

    /** The process ends and another one begins: all that was only in memory is lost. */
    UpgradeScenario restart() {
        incarnation++;
        watched.clear();
        backups.clear();
        takeOffice();
        return this;
    }

    /** As if the witnesses had given the office to this master. */
    private void takeOffice() {
        Office office = state.office();
        if (office != null && !office.entitled().equals(self)) {
            throw new AssertionError("it is not the turn of master %s".formatted(self));
        }
        Ballot next =
                office == null
                        ? new Ballot(0, 1, self, incarnation)
                        : office.ballot().next(self, incarnation);
        ballot = next;
        accepted(new Command.TakeOffice(next, "1.0.0", "its turn"));
    }

    UpgradeScenario tick() {
        return tick(Integer.MAX_VALUE);
    }

    /** One second: nodes move, one pass, and as many of its directives as the process lives for. */
    UpgradeScenario tick(int directives) {
        seconds++;
        nodes.values().forEach(FakeNode::tick);
        nodes.values().forEach(node -> node.hears(office()));
        Situation situation = situation();
        Pass pass = Pass.over(situation);
        waits = pass.waits();
        pass.directives().stream().limit(directives).forEach(d -> perform(situation, d));
        if (state.office() != null && state.office().handedTo() != null) {
            self = state.office().handedTo();
            nodes.values().forEach(node -> node.heldAddress = "");
            restart();
        }
        keepsEnoughOpen();
        return this;
    }

    private void perform(Situation situation, Directive directive) {
        switch (directive) {
            case Directive.Submit(var command) -> {
                var _ = decide(command);
            }
            case Directive.TakeBackup(var id) ->
                    backups.computeIfAbsent(
                            id,
                            _ ->
                                    backupsToFail-- > 0
                                            ? new Situation.BackupResult.NotWritten("disk full")
                                            : new Situation.BackupResult.Written("written"));
            case Directive.Keep(var to, var order) -> {
                keepOrders++;
                node(to).receive(situation.ballot(), order);
            }
            case Directive.Send(var node, var command) -> send(situation, node, command);
        }
    }

    /** As the executor sends: desired state without a step has an id of its own each time. */
    private void send(Situation situation, NodeId to, AgentCommand command) {
        FakeNode node = node(to);
        if (!losesCommand.test(command)) {
            if (command.work() instanceof AgentWork.Install install) {
                installsOnlyWhereNobodyIs(node, install);
            }
            String id = command.step().isEmpty() ? command.id() + "/" + ++sendings : command.id();
            node.receive(
                    new AgentCommand(
                            id,
                            situation.ballot(),
                            command.plan(),
                            command.step(),
                            command.attempt(),
                            command.work()));
        }
    }

    Situation situation() {
        SortedMap<NodeId, NodeObservation> fleet = new TreeMap<>();
        nodes.forEach((id, node) -> fleet.put(id, node.observed()));
        SortedMap<NodeId, Peers.Peer> peers = new TreeMap<>();
        topology.masters().stream()
                .filter(m -> !m.id().equals(self) && peersFollow)
                .forEach(m ->
                        peers.put(
                                m.id(),
                                new Peers.Peer(
                                        m.id(), true, state.index(), "1.0.0", Optional.of(now()))));
        return new Situation(
                state,
                self,
                office(),
                fleet,
                this::outcome,
                peers,
                told,
                notes(),
                backups,
                new PackageSources() {
                    @Override
                    public boolean has(PackageRef pkg) {
                        return primaryHasContent;
                    }

                    @Override
                    public List<ContentPatch> patches(PackageRef pkg) {
                        return pkg.equals(patched) ? patches : List.of();
                    }

                    @Override
                    public Set<String> patchesInMaking(PackageRef pkg) {
                        return pkg.equals(patched) ? patchesInMaking : Set.of();
                    }

                    @Override
                    public String address() {
                        return self + ":7070";
                    }
                },
                ADDRESS,
                Electorate.NONE,
                now());
    }

    private Optional<CommandOutcome> outcome(String command) {
        if (forgetsOutcome.test(command)) {
            return Optional.empty();
        }
        return nodes.values().stream()
                .filter(n -> n.connected)
                .flatMap(n -> n.outcome(command).stream())
                .findFirst();
    }

    private Map<StepId, Situation.Note> notes() {
        Map<StepId, Situation.Note> notes = new HashMap<>();
        state.currentUpgrade()
                .map(Upgrade::records)
                .ifPresent(records -> records.forEach((step, record) -> note(step, record, notes)));
        return notes;
    }

    private void note(StepId step, StepRecord record, Map<StepId, Situation.Note> notes) {
        boolean held = record.heldClients() > 0;
        Watched known = watched.get(step);
        if (known == null
                || known.attempt() != record.attempts()
                || known.status() != record.status()
                || (known.held() && !held)) {
            known = new Watched(record.attempts(), record.status(), held, seconds, state.index());
        }
        Watched next =
                new Watched(known.attempt(), known.status(), held, known.since(), known.index());
        watched.put(step, next);
        notes.put(
                step,
                new Situation.Note(
                        next.attempt(), Duration.ofSeconds(seconds - next.since()), next.index()));
    }

    Instant now() {
        return START.plusSeconds(seconds);
    }

    // Running.

    UpgradeScenario runUntil(String what, BooleanSupplier holds) {
        return runUntil(what, holds, _ -> {});
    }

    UpgradeScenario runUntil(String what, BooleanSupplier holds, Consumer<UpgradeScenario> each) {
        for (int i = 0; i < MAX_TICKS; i++) {
            if (holds.getAsBoolean()) {
                return this;
            }
            each.accept(this);
            tick();
        }
        throw new AssertionError(
                "not %s after %d s; %s; waits for %s".formatted(what, seconds, status(), waits));
    }

    UpgradeScenario runToEnd() {
        return runUntil(
                "ended", () -> status() == UpgradeStatus.HALTED || upgrade().status().isOver());
    }

    /** Until a step of this kind runs on a node. */
    Step runUpTo(StepKind kind, NodeId node) {
        runUntil(kind + " on " + node, () -> running(kind, node).isPresent());
        return running(kind, node).orElseThrow();
    }

    private Optional<Step> running(StepKind kind, NodeId node) {
        return blueprint.steps().stream()
                .filter(s -> s.kind() == kind && s.node().equals(node))
                .filter(s -> upgrade().statusOf(s.id()) == StepStatus.RUNNING)
                .findFirst();
    }

    UpgradeScenario ticks(int count) {
        for (int i = 0; i < count; i++) {
            tick();
        }
        return this;
    }

    void operatorDecides(Step drain, DrainDecision decision) {
        accepted(new Command.DecideDrain(drain.id(), decision, ALICE));
    }

    // Looking.

    Upgrade upgrade() {
        return state.currentUpgrade().orElseThrow();
    }

    UpgradeStatus status() {
        return upgrade().status();
    }

    FakeNode node(NodeId id) {
        FakeNode node = nodes.get(id);
        if (node == null) {
            throw new AssertionError("there is no node " + id);
        }
        return node;
    }

    FakeNode node(String id) {
        return node(new NodeId(id));
    }

    Step step(StepId id) {
        return upgrade().graph().step(id).orElseThrow();
    }

    /** A node of the half that goes first. */
    FakeNode firstOf(String region) {
        return node(halves(region).first().getFirst());
    }

    FakeNode secondOf(String region) {
        return node(halves(region).second().getFirst());
    }

    Halves halves(String region) {
        Halves halves = blueprint.halves().get(new RegionId(region));
        if (halves == null) {
            throw new AssertionError("region %s is not divided".formatted(region));
        }
        return halves;
    }

    String waitsFor(StepId step) {
        return waits.stream()
                .filter(w -> w.step().equals(step))
                .map(Waiting::reason)
                .findFirst()
                .orElse("nothing");
    }

    <T extends Event> List<T> events(Class<T> kind) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    List<FakeNode> traffic() {
        return nodes.values().stream().filter(n -> !n.master).toList();
    }

    // Promises.

    private List<FakeNode> baseline(RegionId region) {
        return traffic().stream()
                .filter(n -> n.region.equals(region) && !state.operatorClosed().contains(n.id))
                .toList();
    }

    private int required(RegionId region) {
        double share = blueprint.policy().minAcceptingShare();
        return (int) Math.floor(share * baseline(region).size());
    }

    private void keepsEnoughOpen() {
        traffic().stream()
                .map(n -> n.region)
                .distinct()
                .forEach(region ->
                        assertThat(baseline(region).stream().filter(n -> n.accepting).count())
                                .as("accepting nodes of region %s after %d s", region, seconds)
                                .isGreaterThanOrEqualTo(required(region)));
    }

    /** Nothing that it stands behind in the plan is open, however far away. */
    private void startsInItsTurn(Step started, Step of) {
        for (StepId before : of.after()) {
            assertThat(upgrade().statusOf(before).isOver())
                    .as("%s is over when %s starts", step(before), started)
                    .isTrue();
            if (upgrade().statusOf(before) == StepStatus.SKIPPED) {
                startsInItsTurn(started, step(before));
            }
        }
    }

    private void closesOnlyWhatTheBudgetAllows(Step step) {
        if (!(step.work() instanceof Work.CloseAdmission(var node)) || !node(node).accepting) {
            return;
        }
        if (upgrade().record(step.id()).attempts() > 0) {
            return;
        }
        long others =
                baseline(step.region()).stream()
                        .filter(n -> !n.id.equals(node) && serves(n))
                        .count();
        assertThat(others)
                .as("nodes known to serve beside %s, which is closed", node)
                .isGreaterThanOrEqualTo(required(step.region()));
    }

    private boolean serves(FakeNode node) {
        return node.connected
                && node.healthy
                && node.accepting
                && office().equals(node.fenced)
                && node.age.compareTo(Situation.STALE_AFTER) <= 0;
    }

    private void installsOnlyWhereNobodyIs(FakeNode node, AgentWork.Install install) {
        if (!node.master && !node.facts().executing().contains("/")) {
            assertThat(node.accepting).as("%s accepts at %s", node.id, install).isFalse();
            if (!install.cutClients()) {
                assertThat(node.clients).as("clients of %s at %s", node.id, install).isZero();
            }
        }
        for (Step step : blueprint.steps()) {
            if (step.work() instanceof Work.Distribute(var to, var ref)
                    && !upgrade().setAside().containsKey(to)) {
                assertThat(node(to).staged)
                        .as("packages of %s before the first install", to)
                        .contains("sha of " + ref);
            }
        }
    }
}
