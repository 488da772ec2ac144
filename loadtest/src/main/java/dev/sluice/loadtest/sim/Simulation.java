package dev.sluice.loadtest.sim;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** One seed's history, from a cluster that starts to an upgrade that has ended. */
final class Simulation {

    /** Once the faults are over an upgrade has to end within this. */
    private static final Duration PATIENCE = Duration.ofHours(2);

    /** After its end the cluster goes on for a while: nothing may happen then either. */
    private static final Duration AFTERWARDS = Duration.ofSeconds(20);

    private final long seed;
    private final Mutation mutation;
    private final World world;
    private final Operator operator;
    private final Faults faults;
    private long events;

    private Simulation(
            long seed, Mutation mutation, List<Fault> kinds, Optional<Consumer<String>> lines) {
        this.seed = seed;
        this.mutation = mutation;
        this.world =
                new World(
                        seed,
                        mutation,
                        schedule ->
                                lines.map(to -> Trace.to(schedule, to))
                                        .orElseGet(() -> Trace.none(schedule)));
        this.operator = new Operator(world);
        this.faults = new Faults(world, kinds);
    }

    static History run(long seed, Mutation mutation) {
        return new Simulation(seed, mutation, mutation.shownBy(), Optional.empty()).run();
    }

    /** Nothing is broken, and these faults alone are injected. */
    static History withFaults(long seed, List<Fault> kinds, Optional<Consumer<String>> lines) {
        return new Simulation(seed, Mutation.NONE, kinds, lines).run();
    }

    static History traced(long seed, Mutation mutation, Consumer<String> lines) {
        return new Simulation(seed, mutation, mutation.shownBy(), Optional.of(lines)).run();
    }

    private History run() {
        Optional<Violation> violation = Optional.empty();
        try {
            world.hosts().values().forEach(Host::startAgentSoon);
            faults.start();
            untilFaultsEnd();
            operator.rest();
            untilUpgradeEnds();
            goOn(world.schedule().now() + AFTERWARDS.toNanos());
            operator.check(world.promises().commits().newest());
            world.promises().atEnd();
        } catch (Violation found) {
            violation = Optional.of(found);
        } catch (RuntimeException | Error found) {
            violation = Optional.of(new Violation("no defect", found));
        }
        return new History(
                seed,
                mutation,
                violation,
                world.schedule().now(),
                events,
                faults.counts(),
                new TreeMap<>(operator.answers()),
                new TreeMap<>(world.coverage()));
    }

    private void untilFaultsEnd() {
        while (!faults.areOver()) {
            step();
        }
    }

    private void untilUpgradeEnds() {
        long end = world.schedule().now() + PATIENCE.toNanos();
        while (true) {
            Optional<String> open = Operator.notEnded(world.promises().commits().newest());
            if (open.isEmpty() && world.promises().isSettled()) {
                return;
            }
            if (world.schedule().now() > end) {
                throw new Violation(
                        Promises.ENDS,
                        "%s after the faults: %s%s"
                                .formatted(
                                        PATIENCE,
                                        open.orElse("completed, and not settled"),
                                        world.waits()));
            }
            goOn(world.schedule().now() + Duration.ofSeconds(1).toNanos());
        }
    }

    private void goOn(long until) {
        while (world.schedule().now() < until) {
            step();
        }
    }

    private void step() {
        if (!world.schedule().step()) {
            throw new IllegalStateException("nothing happens any more");
        }
        events++;
        world.promises().afterEvent();
    }
}
