package dev.sluice.control.executor;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Work;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Upgrade;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Judges what has to be true of the whole cluster before a plan goes on. */
final class ClusterGate {

    /** Nodes named in a reason at most; the rest is counted. */
    private static final int NAMED = 5;

    private ClusterGate() {}

    static Verdict judge(Situation situation, Upgrade upgrade, Step step, Work.Gate gate) {
        return switch (gate) {
            case PACKAGES_STAGED -> packagesStaged(situation, upgrade);
            case HALF_UPGRADED -> halfUpgraded(situation, upgrade, step.pass());
            case ALL_UPGRADED -> allUpgraded(situation, upgrade, step.pass());
        };
    }

    private static Verdict packagesStaged(Situation situation, Upgrade upgrade) {
        List<String> wrong = new ArrayList<>();
        int right = 0;
        for (Step step : upgrade.graph().steps()) {
            if (!(step.work() instanceof Work.Distribute(var node, var ref))
                    || isSetAside(upgrade, node)) {
                continue;
            }
            PackageRecord pkg = situation.state().packages().get(ref);
            Optional<NodeFacts> facts = situation.facts(node);
            if (facts.isEmpty()) {
                wrong.add("%s: %s".formatted(node, situation.whyUnknown(node)));
            } else if (pkg == null || !facts.get().hasStaged(pkg.contentSha256())) {
                wrong.add("%s: does not hold %s".formatted(node, ref));
            } else {
                right++;
            }
        }
        return verdict(
                wrong, "%d packages are verified on the nodes that need them".formatted(right));
    }

    /**
     * New versions where this pass has installed, anything else where it has not: exactly half of
     * the cluster.
     */
    private static Verdict halfUpgraded(Situation situation, Upgrade upgrade, int pass) {
        List<String> wrong = new ArrayList<>();
        int upgraded = 0;
        int old = 0;
        for (var entry : installsOf(upgrade, pass).entrySet()) {
            NodeId node = entry.getKey();
            Optional<NodeFacts> facts = situation.facts(node);
            if (isSetAside(upgrade, node)) {
                continue;
            }
            if (facts.isEmpty()) {
                wrong.add("%s: %s".formatted(node, situation.whyUnknown(node)));
                continue;
            }
            boolean begun =
                    entry.getValue().stream()
                            .anyMatch(s -> upgrade.statusOf(s.id()) != StepStatus.PENDING);
            for (PackageRef ref : begun ? lasting(entry.getValue()) : all(entry.getValue())) {
                boolean isNew = facts.get().hasInstalled(ref);
                if (begun && !isNew) {
                    wrong.add(
                            "%s: expected %s, found %s"
                                    .formatted(node, ref, facts.get().installed()));
                } else if (!begun && isNew) {
                    wrong.add(
                            "%s: expected a version before %s, found it installed already"
                                    .formatted(node, ref));
                }
            }
            if (begun) {
                upgraded++;
            } else {
                old++;
            }
        }
        return verdict(
                wrong, "%d nodes run the new versions, %d the old ones".formatted(upgraded, old));
    }

    private static Verdict allUpgraded(Situation situation, Upgrade upgrade, int pass) {
        List<String> wrong = new ArrayList<>();
        int right = 0;
        for (var entry : installsOf(upgrade, pass).entrySet()) {
            NodeId node = entry.getKey();
            if (isSetAside(upgrade, node)) {
                continue;
            }
            Optional<NodeFacts> facts = situation.facts(node);
            if (facts.isEmpty()) {
                wrong.add("%s: %s".formatted(node, situation.whyUnknown(node)));
                continue;
            }
            for (PackageRef ref : lasting(entry.getValue())) {
                if (!facts.get().hasInstalled(ref)) {
                    wrong.add(
                            "%s: expected %s, found %s"
                                    .formatted(node, ref, facts.get().installed()));
                }
            }
            right++;
        }
        for (TrafficNode node : situation.state().trafficNodes()) {
            boolean shouldAccept =
                    !situation.state().operatorClosed().contains(node.id())
                            && !isSetAside(upgrade, node.id())
                            && !upgrade.leftClosed().contains(node.id());
            Optional<NodeFacts> facts = situation.facts(node.id());
            if (shouldAccept && facts.isPresent() && !facts.get().accepting()) {
                wrong.add("%s: expected it accepting, found it closed".formatted(node.id()));
            }
        }
        return verdict(
                wrong, "all %d nodes run the target and accept as they should".formatted(right));
    }

    /** Every node has the configuration that is in force, as far as it takes part. */
    static Verdict configurationPushed(Situation situation, Upgrade upgrade) {
        long revision = situation.state().configuration().revision();
        List<String> wrong = new ArrayList<>();
        for (TrafficNode node : situation.state().trafficNodes()) {
            if (isSetAside(upgrade, node.id())) {
                continue;
            }
            Optional<NodeFacts> facts = situation.facts(node.id());
            if (facts.isEmpty()) {
                wrong.add("%s: %s".formatted(node.id(), situation.whyUnknown(node.id())));
            } else if (facts.get().configurationRevision() < revision) {
                wrong.add(
                        "%s: has configuration revision %d, expected %d"
                                .formatted(
                                        node.id(), facts.get().configurationRevision(), revision));
            }
        }
        return verdict(wrong, "masters and nodes have the configuration of revision " + revision);
    }

    private static Map<NodeId, List<Step>> installsOf(Upgrade upgrade, int pass) {
        Map<NodeId, List<Step>> installs = new TreeMap<>();
        for (Step step : upgrade.graph().steps()) {
            if (step.pass() == pass && step.kind() == StepKind.INSTALL) {
                installs.computeIfAbsent(step.node(), _ -> new ArrayList<>()).add(step);
            }
        }
        return installs;
    }

    private static List<PackageRef> all(List<Step> installs) {
        return installs.stream().map(s -> s.pkg().orElseThrow()).toList();
    }

    /** What is left of a node's installs: of several versions of a package, the last. */
    private static Collection<PackageRef> lasting(List<Step> installs) {
        Map<PackageName, PackageRef> last = new TreeMap<>();
        all(installs).forEach(ref -> last.put(ref.name(), ref));
        return last.values();
    }

    private static boolean isSetAside(Upgrade upgrade, NodeId node) {
        return upgrade.setAside().containsKey(node);
    }

    private static Verdict verdict(List<String> wrong, String evidence) {
        if (wrong.isEmpty()) {
            return Verdict.succeeded(evidence);
        }
        String named = String.join("; ", wrong.subList(0, Math.min(NAMED, wrong.size())));
        return new Verdict.Waiting(
                wrong.size() > NAMED
                        ? "%s; and %d more".formatted(named, wrong.size() - NAMED)
                        : named);
    }
}
