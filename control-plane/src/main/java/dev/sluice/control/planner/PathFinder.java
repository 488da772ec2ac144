package dev.sluice.control.planner;

import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Version;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The search for one chain of packages that takes every class of nodes to the target.
 *
 * <p>A state is the newest version that the chain has installed of each name; what a class then
 * runs is the newer of that and its own. So the number of states depends on the catalogue, not on
 * the cluster. Cheapest first: fewest SITE packages, since each is a passage through the cluster
 * and a soak, then fewest packages, then the newest versions.
 */
final class PathFinder {

    /**
     * States looked at before the search gives up: far more than any real catalogue has, and few
     * enough to answer in seconds when a catalogue is built to be slow.
     */
    private static final int MAX_STATES = 50_000;

    /** What a search ended with. */
    sealed interface Outcome {
        record Found(List<PackageDescriptor> path) implements Outcome {}

        record NoPath() implements Outcome {}

        record TooLarge(int states) implements Outcome {}
    }

    private record State(
            int sites, SortedMap<PackageName, Version> reached, List<PackageDescriptor> path) {}

    private static final Comparator<State> CHEAPEST =
            Comparator.comparingInt(State::sites)
                    .thenComparingInt(s -> s.path().size())
                    .thenComparing(PathFinder::newestFirst, PathFinder::compareLists)
                    .thenComparing(
                            s -> s.path().stream().map(PackageDescriptor::ref).toList(),
                            PathFinder::compareLists);

    private final Catalogue catalogue;
    private final List<NodeClass> classes;
    private final SortedMap<PackageName, Version> target;
    private final List<PackageDescriptor> candidates;

    PathFinder(
            Catalogue catalogue, List<NodeClass> classes, SortedMap<PackageName, Version> target) {
        this.catalogue = catalogue;
        this.classes = classes;
        this.target = target;
        this.candidates = candidates();
    }

    Outcome find() {
        PriorityQueue<State> frontier = new PriorityQueue<>(CHEAPEST);
        frontier.add(new State(0, Collections.emptySortedMap(), List.of()));
        Set<SortedMap<PackageName, Version>> settled = new HashSet<>();
        while (!frontier.isEmpty()) {
            State state = frontier.remove();
            if (!settled.add(state.reached())) {
                continue;
            }
            if (settled.size() > MAX_STATES) {
                return new Outcome.TooLarge(MAX_STATES);
            }
            if (isGoal(state)) {
                return new Outcome.Found(Replay.latestBases(classes, state.path()));
            }
            for (PackageDescriptor pkg : candidates) {
                if (canFollow(state, pkg)) {
                    State next = after(state, pkg);
                    if (!settled.contains(next.reached())) {
                        frontier.add(next);
                    }
                }
            }
        }
        return new Outcome.NoPath();
    }

    private boolean isGoal(State state) {
        return classes.stream()
                .map(c -> Replay.merged(c.installed(), state.reached()))
                .allMatch(runs -> runsTarget(runs) && breaksNothing(state, runs));
    }

    private boolean runsTarget(SortedMap<PackageName, Version> runs) {
        return target.entrySet().stream()
                .allMatch(t -> Objects.equals(t.getValue(), runs.get(t.getKey())));
    }

    /** Whether what stays installed still has what it requires, as far as the path changed it. */
    private boolean breaksNothing(State state, SortedMap<PackageName, Version> runs) {
        return runs.entrySet().stream()
                .flatMap(e -> catalogue.find(new PackageRef(e.getKey(), e.getValue())).stream())
                .flatMap(p -> p.requires().stream())
                .filter(r -> state.reached().containsKey(r.name()))
                .allMatch(r -> Replay.satisfied(r, runs));
    }

    private boolean canFollow(State state, PackageDescriptor pkg) {
        Version reached = state.reached().get(pkg.ref().name());
        if (reached != null && reached.isAtLeast(pkg.ref().version())) {
            return false;
        }
        boolean needed = false;
        for (NodeClass nodes : classes) {
            var obstacle =
                    Obstacle.to(
                            pkg,
                            nodes.hardware(),
                            Replay.merged(nodes.installed(), state.reached()));
            if (obstacle.isEmpty()) {
                needed = true;
            } else if (!Replay.has(nodes.installed(), pkg.ref())) {
                return false;
            }
        }
        return needed;
    }

    private static State after(State state, PackageDescriptor pkg) {
        SortedMap<PackageName, Version> reached = new TreeMap<>(state.reached());
        reached.put(pkg.ref().name(), pkg.ref().version());
        List<PackageDescriptor> path = new ArrayList<>(state.path());
        path.add(pkg);
        int sites = state.sites() + (pkg.kind() == PackageKind.SITE ? 1 : 0);
        return new State(sites, reached, path);
    }

    /** The packages that can matter: every version of each name the target leads to. */
    private List<PackageDescriptor> candidates() {
        SortedSet<PackageName> names = closure(catalogue, target.keySet());
        List<PackageDescriptor> all =
                catalogue.packages().values().stream()
                        .filter(p -> names.contains(p.ref().name()))
                        .filter(p -> !isBeyondTarget(p.ref()))
                        .filter(p ->
                                classes.stream().anyMatch(c -> !Replay.has(c.installed(), p.ref())))
                        .toList();
        return Interchangeable.newestOfEach(all, classes, target);
    }

    private boolean isBeyondTarget(PackageRef ref) {
        Version wanted = target.get(ref.name());
        return wanted != null && wanted.isOlderThan(ref.version());
    }

    /** The names that the given ones require, directly or through others, and themselves. */
    static SortedSet<PackageName> closure(Catalogue catalogue, Set<PackageName> names) {
        SortedMap<PackageName, Set<PackageName>> required = new TreeMap<>();
        for (PackageDescriptor pkg : catalogue.packages().values()) {
            Set<PackageName> of = required.computeIfAbsent(pkg.ref().name(), _ -> new TreeSet<>());
            pkg.requires().stream().map(Requirement::name).forEach(of::add);
        }
        SortedSet<PackageName> closure = new TreeSet<>(names);
        Deque<PackageName> open = new ArrayDeque<>(closure);
        while (!open.isEmpty()) {
            for (PackageName next : required.getOrDefault(open.remove(), Set.of())) {
                if (closure.add(next)) {
                    open.add(next);
                }
            }
        }
        return closure;
    }

    /**
     * The path's packages by name, the newest of a name first. Adding the same package to two paths
     * does not change which of them comes first, which a cheapest-first search depends on.
     */
    private static List<PackageRef> newestFirst(State state) {
        return state.path().stream().map(PackageDescriptor::ref).sorted(NAME_THEN_NEWEST).toList();
    }

    private static final Comparator<PackageRef> NAME_THEN_NEWEST =
            Comparator.comparing(PackageRef::name)
                    .thenComparing(PackageRef::version, Comparator.reverseOrder());

    private static int compareLists(List<PackageRef> left, List<PackageRef> right) {
        for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
            int order = NAME_THEN_NEWEST.compare(left.get(i), right.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(left.size(), right.size());
    }

    /** The requirements of other packages by name, for callers that look at one name. */
    static Map<PackageName, List<Requirement>> requirementsByName(
            List<PackageDescriptor> packages) {
        Map<PackageName, List<Requirement>> byName = new TreeMap<>();
        packages.stream()
                .flatMap(p -> p.requires().stream())
                .forEach(r -> byName.computeIfAbsent(r.name(), _ -> new ArrayList<>()).add(r));
        return byName;
    }
}
