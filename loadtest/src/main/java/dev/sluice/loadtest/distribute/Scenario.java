package dev.sluice.loadtest.distribute;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who is to get how much over which links, and what goes wrong meanwhile.
 *
 * @param regions how many machines each region has; the first machine of the first is the origin
 * @param nodeMbit rate of each machine's link, in either direction
 * @param regionMbit rate of each region's link to the others, in either direction; 0: not limited
 * @param fault what happens when a third of the bound's time has passed
 * @param earlier whether the machines have a file already that differs from this one in a few
 *     places
 * @param limit the ratio to the bound that is to be kept
 */
record Scenario(
        String name,
        List<Integer> regions,
        int nodeMbit,
        int regionMbit,
        long fileBytes,
        Optional<Fault> fault,
        boolean earlier,
        double limit) {

    private static final int MEBI = 1 << 20;

    private static final double PATCH_SECONDS = 2;

    Scenario {
        regions = List.copyOf(regions);
        if (regions.isEmpty()
                || regions.stream().anyMatch(count -> count < 1)
                || regions.getFirst() < 2
                || regions.stream().mapToInt(Integer::intValue).sum() > 250) {
            throw new IllegalArgumentException(
                    "scenario %s: expected 2 to 250 machines, at least two in the first region, found %s"
                            .formatted(name, regions));
        }
    }

    /** What happens to one machine. */
    record Fault(Kind kind, Victim victim) {

        enum Kind {
            /** Its agent dies as in a crash and is not started again. */
            KILL,
            /** Its link takes packets and delivers none. */
            BLACK_HOLE
        }

        enum Victim {
            /** The one that pulls from the origin. */
            HEAD,
            MIDDLE,
            /** The first of the second region. */
            REGION_HEAD
        }
    }

    /** Those that are run when none is named. */
    static List<Scenario> all() {
        List<Scenario> all = new ArrayList<>();
        all.add(
                new Scenario(
                        "16x200", List.of(17), 200, 0, 256L * MEBI, Optional.empty(), false, 1.03));
        all.add(
                new Scenario(
                        "64x20", List.of(65), 20, 0, 32L * MEBI, Optional.empty(), false, 1.05));
        all.add(
                new Scenario(
                        "3regions",
                        List.of(5, 4, 4),
                        200,
                        50,
                        256L * MEBI,
                        Optional.empty(),
                        false,
                        1.02));
        all.add(patchRelease());
        for (Fault.Kind kind : Fault.Kind.values()) {
            for (Fault.Victim victim : Fault.Victim.values()) {
                boolean regions = victim == Fault.Victim.REGION_HEAD;
                all.add(
                        new Scenario(
                                (kind == Fault.Kind.KILL ? "kill-" : "blackhole-")
                                        + victim.name()
                                                .toLowerCase(java.util.Locale.ROOT)
                                                .replace('_', '-'),
                                regions ? List.of(5, 4, 4) : List.of(17),
                                200,
                                regions ? 50 : 0,
                                256L * MEBI,
                                Optional.of(new Fault(kind, victim)),
                                false,
                                1.06));
            }
        }
        return List.copyOf(all);
    }

    /** A large application of which little changes; the bound is that of the whole file. */
    private static Scenario patchRelease() {
        Scenario unlimited =
                new Scenario(
                        "patch",
                        List.of(17),
                        20,
                        0,
                        64L * MEBI,
                        Optional.empty(),
                        true,
                        Double.POSITIVE_INFINITY);
        return new Scenario(
                unlimited.name,
                unlimited.regions,
                unlimited.nodeMbit,
                unlimited.regionMbit,
                unlimited.fileBytes,
                unlimited.fault,
                unlimited.earlier,
                PATCH_SECONDS / LowerBound.seconds(unlimited));
    }

    /** A machine; 0 is the origin. */
    record Machine(int index, int region) {

        String namespace() {
            return "n" + index;
        }

        String address() {
            return "10.203.%d.%d".formatted(region, index + 1);
        }

        /**
         * Its name in the cluster, whose order is the chain's while nobody has more than others.
         */
        String id() {
            return index == 0 ? "m-a" : "n-%03d".formatted(index);
        }
    }

    List<Machine> machines() {
        List<Machine> machines = new ArrayList<>();
        for (int region = 0; region < regions.size(); region++) {
            for (int i = 0; i < regions.get(region); i++) {
                machines.add(new Machine(machines.size(), region));
            }
        }
        return machines;
    }

    List<Machine> receivers() {
        List<Machine> machines = machines();
        return machines.subList(1, machines.size());
    }

    /** A smaller one of the same shape, for a look on a busy machine. */
    Scenario scaled(int divisor) {
        return new Scenario(
                name, regions, nodeMbit, regionMbit, fileBytes / divisor, fault, earlier, limit);
    }
}
