package dev.sluice.loadtest.sim;

import dev.sluice.control.executor.Waiting;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.Upgrade;
import dev.sluice.control.state.UpgradeStatus;
import dev.sluice.trust.packages.Manifest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The operators: plan and start one upgrade, decide what it waits for, and meddle now and then.
 * What they were answered they hold against the cluster at the end.
 */
final class Operator {

    private static final Actor ALICE = new Actor("alice");
    private static final String COUNTER = "site.counter";

    /** Nobody takes over by himself while a plan or an operator has that switched off. */
    private static final long NO_PRIMARY_NANOS = Duration.ofSeconds(20).toNanos();

    private static final Pattern EXPECTED = Pattern.compile("expected master (m-.) to hand over");

    private static final long STUCK_NANOS = Duration.ofMinutes(10).toNanos();

    private static final long LOOK_NANOS = Duration.ofSeconds(2).toNanos();

    private final World world;
    private boolean meddles = true;
    private boolean started;
    private boolean paused;
    private boolean waiting;
    private long primaryAt;
    private int stepsOver;
    private long stepsOverAt;
    private long counter;
    private long acknowledgedCounter;
    private int halts;
    private final SortedMap<String, Integer> answers = new TreeMap<>();
    private final ForcedHand forcedHand;
    private int generation;

    Operator(World world) {
        this.world = world;
        this.forcedHand = new ForcedHand(world);
        world.schedule().after(Duration.ofSeconds(5).toNanos(), this::look);
    }

    /** From now on only what the upgrade needs is done. */
    void rest() {
        meddles = false;
    }

    /** How often the upgrade was found halted. */
    int halts() {
        return halts;
    }

    /** Commands by their answers, such as "accepted". */
    SortedMap<String, Integer> answers() {
        return answers;
    }

    /** The primary that an operator finds: whoever says that it commands, the first one dialled. */
    private @Nullable SimMaster primary() {
        for (MasterUnit unit : world.masterUnits().values()) {
            SimMaster master = unit.running();
            if (master != null && master.life().isAwake() && master.controller().ballot() != null) {
                return master;
            }
        }
        return null;
    }

    private void look() {
        forcedHand.look();
        giveUpWhatWasLost();
        SimMaster master = primary();
        if (master != null) {
            primaryAt = world.schedule().now();
            if (!waiting) {
                master.life().run(() -> act(master));
            }
        } else if (world.schedule().now() - primaryAt > NO_PRIMARY_NANOS) {
            primaryAt = world.schedule().now();
            askToTakeOver(world.dice().pick(world.masters()));
        }
        world.schedule().after(LOOK_NANOS, this::look);
    }

    /** What was listed as possibly lost is not held against the cluster. */
    private void giveUpWhatWasLost() {
        Commits commits = world.promises().commits();
        if (commits.generation() != generation) {
            generation = commits.generation();
            String kept = commits.newest().configuration().settings().getOrDefault(COUNTER, "0");
            acknowledgedCounter = Math.min(acknowledgedCounter, Long.parseLong(kept));
            started = false;
        }
    }

    private void act(SimMaster master) {
        ClusterState state = master.controller().state();
        Ballot ballot = master.controller().ballot();
        if (state.topology() == null || ballot == null) {
            return;
        }
        for (Manifest manifest : world.packages().all()) {
            String content = manifest.content().sha256().hex();
            boolean imported =
                    state.packages().values().stream()
                            .anyMatch(p -> p.contentSha256().equals(content));
            SimNode here = world.node(master.id());
            boolean served =
                    here.depot().contains(content)
                            || here.staged().getOrDefault(content, 0L) >= manifest.content().size();
            if (!imported || !served) {
                here.depot().add(content);
                ask(master, new Command.ImportPackage(Packages.record(manifest), ALICE));
                return;
            }
        }
        Optional<Upgrade> upgrade = state.currentUpgrade();
        if (meddles && world.dice().chance(0.1)) {
            count(master);
            return;
        }
        if (upgrade.isEmpty()) {
            plan(master, state, ballot);
        } else {
            attend(master, state, upgrade.get());
        }
    }

    private void plan(SimMaster master, ClusterState state, Ballot ballot) {
        new OperatorPlan(world, master, ballot)
                .blueprint()
                .ifPresent(blueprint ->
                        ask(
                                master,
                                new Command.AcceptPlan(
                                        new PlanId("p-" + (state.plans() + 1)),
                                        blueprint,
                                        List.of(),
                                        ALICE)));
    }

    private void attend(SimMaster master, ClusterState state, Upgrade upgrade) {
        switch (upgrade.status()) {
            case PLANNED -> {
                if (!started || !meddles || world.dice().chance(0.5)) {
                    started = true;
                    ask(master, new Command.StartUpgrade(upgrade.id(), ALICE));
                }
            }
            case HALTED -> halted(master, upgrade);
            case PAUSED -> {
                if (!meddles || world.dice().chance(0.2)) {
                    paused = false;
                    ask(master, new Command.ResumeUpgrade(ALICE));
                }
            }
            case RUNNING -> running(master, state, upgrade);
            case ABORTING, ABORTED, COMPLETED -> restore(master, state);
        }
    }

    /**
     * A plan promotes from one master to another: where a third has the office, it is given back.
     */
    private void halted(SimMaster master, Upgrade upgrade) {
        halts++;
        Matcher elsewhere = EXPECTED.matcher(String.join(" ", upgrade.haltReasons()));
        if (elsewhere.find() && !elsewhere.group(1).equals(master.id().value())) {
            NodeId expected = new NodeId(elsewhere.group(1));
            if (master.office().electorate().mayTakeOffice(expected)) {
                ask(master, new Command.DecideHandover(expected));
            }
        } else {
            ask(master, new Command.ResumeUpgrade(ALICE));
        }
    }

    private void running(SimMaster master, ClusterState state, Upgrade upgrade) {
        for (Step step : upgrade.graph().steps()) {
            StepRecord record = upgrade.record(step.id());
            if (step.kind() == StepKind.DRAIN
                    && record.heldClients() > 0
                    && !record.status().isOver()) {
                DrainDecision decision =
                        world.dice().chance(0.5) ? DrainDecision.CUT : DrainDecision.EXTEND;
                ask(master, new Command.DecideDrain(step.id(), decision, ALICE));
                return;
            }
        }
        if (meddles) {
            meddle(master, state);
        } else if (isStuck(master, upgrade)) {
            ask(master, new Command.AbortUpgrade("too few nodes are left", ALICE));
        } else {
            restore(master, state);
        }
    }

    /** Nodes that were set aside have used the budget up, and nothing but an operator helps. */
    private boolean isStuck(SimMaster master, Upgrade upgrade) {
        if (upgrade.stepsOver() != stepsOver) {
            stepsOver = upgrade.stepsOver();
            stepsOverAt = world.schedule().now();
        }
        List<Waiting> waits = master.executor().waits();
        return !upgrade.setAside().isEmpty()
                && world.schedule().now() - stepsOverAt > STUCK_NANOS
                && !waits.isEmpty()
                && waits.stream().allMatch(w -> w.reason().startsWith("closing it would leave"));
    }

    private void meddle(SimMaster master, ClusterState state) {
        switch (world.dice().below(40)) {
            case 0 -> {
                if (!paused) {
                    paused = true;
                    ask(master, new Command.PauseUpgrade(ALICE));
                }
            }
            case 1 ->
                    ask(
                            master,
                            new Command.SwitchAutomaticFailover(!state.automaticFailover(), ALICE));
            case 2 -> promote(master);
            default -> {}
        }
    }

    private void count(SimMaster master) {
        counter++;
        long value = counter;
        // What is forced while the configuration is frozen is given up at the end of the freeze.
        boolean forced = world.dice().chance(0.5);
        ask(
                master,
                new Command.ChangeSetting(
                        forced ? "site.forced" : COUNTER,
                        Optional.of(Long.toString(value)),
                        forced,
                        ALICE),
                () -> {
                    if (!forced) {
                        acknowledgedCounter = value;
                    }
                });
    }

    private void promote(SimMaster master) {
        List<String> others =
                world.masters().stream().filter(m -> !m.equals(master.id().value())).toList();
        if (others.isEmpty()) {
            return;
        }
        NodeId to = new NodeId(world.dice().pick(others));
        if (world.dice().chance(0.5)) {
            boolean may = master.office().electorate().mayTakeOffice(to);
            if (may) {
                ask(master, new Command.DecideHandover(to));
            }
        } else {
            askToTakeOver(to.value());
        }
    }

    private void askToTakeOver(String to) {
        MasterUnit unit = world.masterUnits().get(to);
        SimMaster master = unit == null ? null : unit.running();
        if (master != null) {
            world.trace().say("operator", () -> "asks %s to take over".formatted(to));
            master.life().run(() -> master.office().promote());
        }
    }

    private void restore(SimMaster master, ClusterState state) {
        if (!meddles && !state.automaticFailover()) {
            ask(master, new Command.SwitchAutomaticFailover(true, ALICE));
        }
    }

    private void ask(SimMaster master, Command command) {
        ask(master, command, () -> {});
    }

    private void ask(SimMaster master, Command command, Runnable accepted) {
        String name = command.getClass().getSimpleName();
        world.trace().say("operator", () -> "asks %s: %s".formatted(master.id(), name));
        waiting = true;
        Life life = master.life();
        life.onEnd(() -> waiting = false);
        var _ =
                master.controller()
                        .submit(command)
                        .whenComplete((decision, failure) -> {
                            if (!life.isOver()) {
                                waiting = false;
                                answered(name, decision, failure, accepted);
                            }
                        });
    }

    private void answered(
            String name,
            @Nullable Decision decision,
            @Nullable Throwable failure,
            Runnable accepted) {
        String answer =
                switch (decision) {
                    case null -> "open: " + (failure == null ? "" : failure.getMessage());
                    case Decision.Accepted _ -> "accepted";
                    case Decision.Rejected(var refusal) -> "rejected: " + refusal;
                };
        world.trace().say("operator", () -> "%s: %s".formatted(name, answer));
        answers.merge(answer.split(":", 2)[0], 1, Integer::sum);
        if (decision instanceof Decision.Accepted) {
            accepted.run();
        }
    }

    /** At the end, everything that was answered is so. */
    void check(ClusterState state) {
        String found = state.configuration().settings().getOrDefault(COUNTER, "0");
        if (Long.parseLong(found) < acknowledgedCounter) {
            throw new Violation(
                    Promises.DECISIONS_LAST,
                    "%s is %s at the end, and %d was acknowledged"
                            .formatted(COUNTER, found, acknowledgedCounter));
        }
    }

    /** Why it does not count as ended; empty: it does. */
    static Optional<String> notEnded(ClusterState state) {
        Upgrade upgrade = state.currentUpgrade().orElse(null);
        if (upgrade == null) {
            return Optional.of("nothing is planned");
        }
        boolean gaveUp = upgrade.status() == UpgradeStatus.ABORTED && !upgrade.setAside().isEmpty();
        if (upgrade.status() == UpgradeStatus.COMPLETED || gaveUp) {
            return Optional.empty();
        }
        return Optional.of(
                "%s is %s with %d of %d steps, set aside: %s, halted for %s"
                        .formatted(
                                upgrade.id(),
                                upgrade.status(),
                                upgrade.stepsOver(),
                                upgrade.graph().steps().size(),
                                new TreeSet<>(upgrade.setAside().keySet()),
                                upgrade.haltReasons()));
    }
}
