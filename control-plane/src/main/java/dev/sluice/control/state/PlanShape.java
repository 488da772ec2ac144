package dev.sluice.control.state;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Halves;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.Work;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * What a plan must look like to be kept in the journal. A plan that is accepted and can't be
 * written would stop the writer, so it is refused before.
 */
final class PlanShape {

    /** The most a plan may take in the journal; its entries are bounded at 64 MiB. */
    static final long MAX_BYTES = 48L << 20;

    /** Above what a step's numbers, tags and lengths take. */
    private static final int BYTES_OF_A_STEP = 80;

    /** Above what a number with its tag takes. */
    private static final int BYTES_OF_A_NUMBER = 12;

    private PlanShape() {}

    /** What is wrong with a plan, with expected and found; empty: nothing. */
    static Optional<String> defect(Blueprint blueprint, List<String> warnings) {
        Set<StepId> before = HashSet.newHashSet(blueprint.steps().size());
        for (Step step : blueprint.steps()) {
            for (StepId waitedFor : step.after()) {
                if (!before.contains(waitedFor)) {
                    return Optional.of(
                            "step %s waits for step %s: expected that one ahead of it in the plan, found it %s"
                                    .formatted(step.id(), waitedFor, where(blueprint, waitedFor)));
                }
            }
            if (!before.add(step.id())) {
                return Optional.of(
                        "step %s: expected every step's id once, found it twice"
                                .formatted(step.id()));
            }
        }
        long bytes = bytesAtMost(blueprint, warnings);
        return bytes <= MAX_BYTES
                ? Optional.empty()
                : Optional.of(
                        "expected a plan of at most %d bytes, found one of up to %d; upgrade fewer packages at once"
                                .formatted(MAX_BYTES, bytes));
    }

    private static String where(Blueprint blueprint, StepId step) {
        return blueprint.steps().stream().anyMatch(s -> s.id().equals(step))
                ? "behind it"
                : "nowhere";
    }

    /** Never less than the plan takes; names that recur are written once. */
    static long bytesAtMost(Blueprint blueprint, List<String> warnings) {
        long bytes = 1024;
        Set<Object> names = new HashSet<>();
        for (Step step : blueprint.steps()) {
            bytes += BYTES_OF_A_STEP + step.id().value().length();
            bytes += (long) BYTES_OF_A_NUMBER * step.after().size();
            bytes += names.add(step.node()) ? name(step.node().value()) : 0;
            bytes += names.add(step.region()) ? name(step.region().value()) : 0;
            bytes += step.pkg().filter(names::add).map(PlanShape::bytesOf).orElse(0L);
            if (step.work() instanceof Work.Verify(var _, var expected) && names.add(expected)) {
                bytes += bytesOf(expected);
            }
        }
        for (Halves halves : blueprint.halves().values()) {
            int listed = halves.first().size() + halves.second().size();
            listed += halves.waves().stream().mapToInt(wave -> wave.size() + 1).sum();
            bytes += (long) BYTES_OF_A_NUMBER * (listed + 1);
        }
        bytes += blueprint.path().stream().mapToLong(PlanShape::bytesOf).sum();
        bytes += bytesOf(blueprint.target());
        return bytes + warnings.stream().mapToLong(w -> BYTES_OF_A_NUMBER + 3L * w.length()).sum();
    }

    private static long bytesOf(SortedMap<PackageName, Version> versions) {
        return versions.entrySet().stream()
                .mapToLong(e -> bytesOf(new PackageRef(e.getKey(), e.getValue())))
                .sum();
    }

    private static long bytesOf(PackageRef ref) {
        return name(ref.name().value()) + name(ref.version().toString());
    }

    private static long name(String value) {
        return (long) BYTES_OF_A_NUMBER + value.length();
    }
}
