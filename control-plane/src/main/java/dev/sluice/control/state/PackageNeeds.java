package dev.sluice.control.state;

import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which imported packages the cluster needs, and for what. What is needed is removed from no node
 * and no depot. Pure; in doubt a package is needed.
 *
 * <p>A node that has told nothing may run what its last plan found or would have installed; without
 * a plan, what the cluster was founded with. A plan is only made when every node is known, so that
 * this is all there can be.
 */
public final class PackageNeeds {

    /** Needs of one package named in one text; the rest is counted. */
    private static final int MAX_NAMED = 3;

    private final SortedMap<PackageRef, List<Need>> needs = new TreeMap<>();
    private final ClusterState state;
    private final Installations installed;

    /** Why a package is needed. */
    public sealed interface Need {

        /** A plan that is not over installs it, as its target or on the way there. */
        record OfPlan(PlanId plan, UpgradeStatus status) implements Need {
            @Override
            public String toString() {
                return "upgrade %s, which is %s, installs it".formatted(plan, status);
            }
        }

        /** It ran somewhere before the last plan. */
        record OfRollback(PlanId plan) implements Need {
            @Override
            public String toString() {
                return "a rollback of upgrade %s would install it".formatted(plan);
            }
        }

        record Runs(NodeId node) implements Need {
            @Override
            public String toString() {
                return "node %s has it installed".formatted(node);
            }
        }

        /** It is in the node's slot before the active one. */
        record RanBefore(NodeId node) implements Need {
            @Override
            public String toString() {
                return "node %s would go back to it".formatted(node);
            }
        }

        /** The node has told nothing. */
        record MayRun(NodeId node) implements Need {
            @Override
            public String toString() {
                return "node %s has not reported and may have it installed".formatted(node);
            }
        }

        record Distributed() implements Need {
            @Override
            public String toString() {
                return "it is distributed to all nodes; stop that with 'sluice packages distribute --stop'";
            }
        }
    }

    private PackageNeeds(ClusterState state, Installations installed) {
        this.state = state;
        this.installed = installed;
    }

    public static PackageNeeds of(ClusterState state, Installations installed) {
        PackageNeeds all = new PackageNeeds(state, installed);
        all.ofUpgrade();
        all.ofNodes();
        all.state.choices().distributed().forEach(ref -> all.add(ref, new Need.Distributed()));
        return all;
    }

    private void ofUpgrade() {
        state.currentUpgrade()
                .ifPresent(upgrade -> {
                    if (!upgrade.status().isOver()) {
                        installs(upgrade)
                                .forEach(ref ->
                                        add(ref, new Need.OfPlan(upgrade.id(), upgrade.status())));
                    }
                    upgrade.replaces().forEach(ref -> add(ref, new Need.OfRollback(upgrade.id())));
                });
    }

    /** Everything that a plan brings to any node: the whole path, and what its steps name. */
    private static Set<PackageRef> installs(Upgrade upgrade) {
        Set<PackageRef> refs = new TreeSet<>(upgrade.blueprint().path());
        upgrade.blueprint()
                .target()
                .forEach((name, version) -> refs.add(new PackageRef(name, version)));
        upgrade.graph().steps().forEach(step -> step.pkg().ifPresent(refs::add));
        return refs;
    }

    private void ofNodes() {
        Topology topology = state.topology();
        if (topology == null) {
            return;
        }
        SortedMap<NodeId, SortedMap<PackageName, Version>> founded = new TreeMap<>();
        for (Master master : topology.masters()) {
            founded.put(master.id(), master.installed());
        }
        for (TrafficNode node : topology.nodes()) {
            founded.put(node.id(), node.installed());
        }
        Optional<Collection<PackageRef>> lastPlanned =
                state.currentUpgrade().map(this::seenOrInstalledBy);
        founded.forEach((node, with) -> {
            Installations.Installation found = installed.byNode().get(node);
            if (found == null) {
                Collection<PackageRef> possible = lastPlanned.orElseGet(() -> refs(with));
                possible.forEach(ref -> add(ref, new Need.MayRun(node)));
            } else {
                refs(found.current()).forEach(ref -> add(ref, new Need.Runs(node)));
                refs(found.previous()).forEach(ref -> add(ref, new Need.RanBefore(node)));
            }
        });
    }

    /** A plan of a release that did not record what it found leaves everything possible. */
    private Collection<PackageRef> seenOrInstalledBy(Upgrade upgrade) {
        if (upgrade.replaces().isEmpty()) {
            return state.packages().keySet();
        }
        Set<PackageRef> refs = installs(upgrade);
        refs.addAll(upgrade.replaces());
        return refs;
    }

    private static List<PackageRef> refs(Map<PackageName, Version> versions) {
        return versions.entrySet().stream()
                .map(e -> new PackageRef(e.getKey(), e.getValue()))
                .toList();
    }

    private void add(PackageRef ref, Need need) {
        if (state.packages().containsKey(ref)) {
            needs.computeIfAbsent(ref, _ -> new ArrayList<>()).add(need);
        }
    }

    /** What a package is needed for; empty: for nothing. */
    public List<Need> needs(PackageRef ref) {
        return List.copyOf(needs.getOrDefault(ref, List.of()));
    }

    /** The packages that are needed. */
    public List<PackageRecord> needed() {
        return state.packages().values().stream()
                .filter(pkg -> needs.containsKey(pkg.ref()))
                .toList();
    }

    /**
     * Why a package is not removed by itself, beyond what it is needed for; empty: it may be. What
     * is newer than the oldest version that runs was imported for an upgrade that is not planned
     * yet, and only an operator removes it.
     */
    public Optional<String> whyNotByItself(PackageRef ref) {
        List<Need> why = needs(ref);
        if (!why.isEmpty()) {
            return Optional.of(text(why));
        }
        Optional<Version> oldest = installed.oldest(ref.name());
        if (oldest.filter(version -> ref.version().compareTo(version) < 0).isPresent()) {
            return Optional.empty();
        }
        return Optional.of(
                oldest.map(version ->
                                "%s %s runs, and this is not older".formatted(ref.name(), version))
                        .orElse("no version of it is known to run"));
    }

    /** In words; of many only some are named. */
    public static String text(List<Need> needs) {
        String named =
                needs.stream()
                        .limit(MAX_NAMED)
                        .map(Need::toString)
                        .collect(Collectors.joining("; "));
        int more = needs.size() - MAX_NAMED;
        return more > 0 ? "%s; and %d more".formatted(named, more) : named;
    }
}
