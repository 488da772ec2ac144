package dev.sluice.cli.render;

import dev.sluice.v1.MasterStatus;
import dev.sluice.v1.NodeProgress;
import dev.sluice.v1.RegionProgress;
import dev.sluice.v1.UpgradeSummary;
import dev.sluice.v1.Waiting;
import dev.sluice.v1.WatchUpgradeResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is different between two updates, a line each: for logs and pipes, where nothing can be
 * drawn again. Pure.
 */
public final class UpgradeChanges {
    private UpgradeChanges() {}

    /**
     * The lines for {@code next}; {@code previous} is the default instance before the first one.
     */
    public static List<String> between(WatchUpgradeResponse previous, WatchUpgradeResponse next) {
        List<String> lines = new ArrayList<>();
        summary(previous.getSummary(), next.getSummary(), lines);
        masters(previous, next, lines);
        nodes(previous, next, lines);
        waiting(previous, next, lines);
        added("halted", previous.getHaltReasonsList(), next.getHaltReasonsList(), lines);
        added("set aside", previous.getNodesSetAsideList(), next.getNodesSetAsideList(), lines);
        added("warning", previous.getWarningsList(), next.getWarningsList(), lines);
        added(
                "forced change",
                previous.getForcedChangesList().stream().map(ForcedChanges::sentence).toList(),
                next.getForcedChangesList().stream().map(ForcedChanges::sentence).toList(),
                lines);
        return lines.stream().map(Table::printable).toList();
    }

    private static void summary(UpgradeSummary previous, UpgradeSummary next, List<String> lines) {
        if (!previous.getPlanId().equals(next.getPlanId())) {
            lines.add("upgrade " + next.getPlanId() + " to " + Words.versions(next.getTargetMap()));
        }
        if (previous.getState() != next.getState()) {
            lines.add("upgrade: " + UpgradeView.name(next.getState()));
        }
        if (!previous.getPhase().equals(next.getPhase()) && !next.getPhase().isEmpty()) {
            lines.add(
                    "phase "
                            + next.getPhase()
                            + " ("
                            + next.getStepsDone()
                            + " of "
                            + next.getStepsTotal()
                            + " steps)");
        }
    }

    private static void masters(
            WatchUpgradeResponse previous, WatchUpgradeResponse next, List<String> lines) {
        if (!previous.getPrimary().equals(next.getPrimary())) {
            lines.add(
                    next.getPrimary().isEmpty()
                            ? "no master is primary"
                            : "primary: " + next.getPrimary());
        }
        Map<String, MasterStatus> before = new TreeMap<>();
        previous.getMastersList().forEach(master -> before.put(master.getId(), master));
        for (MasterStatus master : next.getMastersList()) {
            MasterStatus old = before.get(master.getId());
            if (old == null) {
                lines.add(
                        master.getId()
                                + ": "
                                + master.getRole()
                                + ", "
                                + Words.versions(master.getInstalledMap()));
                continue;
            }
            changed(master.getId(), "role", old.getRole(), master.getRole(), lines);
            changed(
                    master.getId(),
                    "link",
                    old.getConnected() ? "up" : "down",
                    master.getConnected() ? "up" : "down",
                    lines);
            changed(
                    master.getId(),
                    "installed",
                    Words.versions(old.getInstalledMap()),
                    Words.versions(master.getInstalledMap()),
                    lines);
        }
    }

    private static void nodes(
            WatchUpgradeResponse previous, WatchUpgradeResponse next, List<String> lines) {
        Map<String, NodeProgress> before = byId(previous);
        for (Map.Entry<String, NodeProgress> entry : byId(next).entrySet()) {
            String id = entry.getKey();
            NodeProgress node = entry.getValue();
            NodeProgress old = before.get(id);
            if (old == null) {
                lines.add(
                        id
                                + ": "
                                + (node.getHalf() == 0
                                        ? "left alone"
                                        : UpgradeView.half(node) + " half")
                                + ", admission "
                                + UpgradeView.admission(node.getAccepting())
                                + ", "
                                + Words.versions(node.getInstalledMap()));
                continue;
            }
            changed(id, "state", old.getState(), node.getState(), lines);
            if (!old.getStep().equals(node.getStep()) && !node.getStep().isEmpty()) {
                lines.add(id + ": " + node.getStep() + " begins");
            }
            changed(
                    id,
                    "admission",
                    UpgradeView.admission(old.getAccepting()),
                    UpgradeView.admission(node.getAccepting()),
                    lines);
            if (node.getStep().equals("DRAIN") && old.getSessions() != node.getSessions()) {
                lines.add(id + ": " + node.getSessions() + " sessions left");
            }
            changed(
                    id,
                    "installed",
                    Words.versions(old.getInstalledMap()),
                    Words.versions(node.getInstalledMap()),
                    lines);
        }
    }

    private static Map<String, NodeProgress> byId(WatchUpgradeResponse update) {
        Map<String, NodeProgress> nodes = new LinkedHashMap<>();
        for (RegionProgress region : update.getRegionsList()) {
            region.getNodeProgressList().forEach(node -> nodes.put(node.getNode(), node));
        }
        return nodes;
    }

    private static void waiting(
            WatchUpgradeResponse previous, WatchUpgradeResponse next, List<String> lines) {
        Set<String> before = new TreeSet<>();
        previous.getWaitingList().forEach(waiting -> before.add(waits(waiting)));
        for (Waiting waiting : next.getWaitingList()) {
            String line = waits(waiting);
            if (!before.contains(line)) {
                lines.add(line);
            }
        }
    }

    private static String waits(Waiting waiting) {
        String attempt = waiting.getAttempt() > 1 ? ", attempt " + waiting.getAttempt() : "";
        return "waits for "
                + waiting.getSubject()
                + " ("
                + (waiting.getKind() + " " + waiting.getStepId()).strip()
                + attempt
                + "): "
                + waiting.getReason();
    }

    private static void added(
            String what, List<String> previous, List<String> next, List<String> lines) {
        Set<String> fresh = new LinkedHashSet<>(next);
        previous.forEach(fresh::remove);
        fresh.forEach(entry -> lines.add(what + ": " + entry));
    }

    private static void changed(
            String subject, String what, String before, String after, List<String> lines) {
        if (!before.equals(after)) {
            lines.add(
                    subject
                            + ": "
                            + what
                            + " "
                            + (before.isEmpty() ? "unknown" : before)
                            + " -> "
                            + (after.isEmpty() ? "unknown" : after));
        }
    }
}
