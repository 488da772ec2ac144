package dev.sluice.control.planner.check;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Work;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** What holds of a pass as a whole and of its masters. */
final class MasterRules {

    private final Inspection inspection;
    private final StepGraph graph;
    private final PassRange pass;
    private final NodeId primary;

    private MasterRules(Inspection inspection, PassRange pass, NodeId primary) {
        this.inspection = inspection;
        this.graph = inspection.graph();
        this.pass = pass;
        this.primary = primary;
    }

    static void check(Inspection inspection, List<PassRange> passes) {
        NodeId primary = inspection.input().topology().primary().orElseThrow().id();
        for (PassRange pass : passes) {
            primary = new MasterRules(inspection, pass, primary).check();
        }
    }

    /** Checks the pass; gives back who is primary behind it. */
    private NodeId check() {
        if (!inspection.input().withoutBackup()) {
            backupFirst();
        }
        freezePaired();
        failoverRestored();
        return promotion();
    }

    private String subject() {
        return "pass " + pass.number();
    }

    private void each(Class<? extends Work> kind, IntConsumer found) {
        for (int i = pass.first(); i < pass.end(); i++) {
            if (kind.isInstance(graph.step(i).work())) {
                found.accept(i);
            }
        }
    }

    private int[] all(Class<? extends Work> kind) {
        var found = IntStream.builder();
        each(kind, found::add);
        return found.build().toArray();
    }

    private void backupFirst() {
        int[] backups = all(Work.Backup.class);
        if (backups.length == 0 || !graph.step(backups[0]).node().equals(primary)) {
            inspection.report(
                    Rule.BACKUP_FIRST,
                    subject(),
                    "expected a backup on primary %s, found none".formatted(primary));
            return;
        }
        for (int i = pass.first(); i < pass.end(); i++) {
            if (i != backups[0] && !graph.precedesByBarrier(backups[0], i)) {
                inspection.report(
                        Rule.BACKUP_FIRST,
                        graph.step(i),
                        "may start before the backup %s".formatted(graph.step(backups[0]).id()));
            }
        }
    }

    private void freezePaired() {
        int[] freezes = all(Work.Freeze.class);
        int[] unfreezes = all(Work.Unfreeze.class);
        if (freezes.length != 1 || unfreezes.length != 1) {
            inspection.report(
                    Rule.FREEZE_PAIRED,
                    subject(),
                    "expected one FREEZE and one UNFREEZE, found %d and %d"
                            .formatted(freezes.length, unfreezes.length));
            return;
        }
        for (int i = pass.first(); i < pass.end(); i++) {
            if (!changes(graph.step(i).work())) {
                continue;
            }
            if (!graph.precedesByBarrier(freezes[0], i)) {
                inspection.report(Rule.FREEZE_PAIRED, graph.step(i), "may start before the FREEZE");
            }
            if (!graph.precedesByBarrier(i, unfreezes[0])) {
                inspection.report(
                        Rule.FREEZE_PAIRED, graph.step(i), "may still run behind the UNFREEZE");
            }
        }
    }

    /** Whether work changes what serves, and so must find frozen configuration. */
    private static boolean changes(Work work) {
        return work instanceof Work.Install
                || work instanceof Work.CloseAdmission
                || work instanceof Work.BreakFailover
                || work instanceof Work.Promote;
    }

    private void failoverRestored() {
        int[] broken = all(Work.BreakFailover.class);
        Set<NodeId> restored = new HashSet<>();
        for (int i : all(Work.RestoreFailover.class)) {
            if (broken.length > 0
                    && graph.precedes(broken[0], i)
                    && graph.step(i).work() instanceof Work.RestoreFailover restore) {
                restored.add(restore.backup());
            }
        }
        int expected = broken.length == 0 ? 0 : inspection.input().topology().masters().size() - 1;
        if (restored.size() != expected || broken.length > 1) {
            inspection.report(
                    Rule.FAILOVER_RESTORED,
                    subject(),
                    "expected at most one BREAK_FAILOVER and then %d backups restored, found %d and %s"
                            .formatted(expected, broken.length, restored));
        }
    }

    private NodeId promotion() {
        Strategy strategy = inspection.blueprint().strategy();
        boolean promotes = strategy == Strategy.CLUSTER || strategy == Strategy.PAIR_ASYNC;
        int[] promotions = all(Work.Promote.class);
        if (promotions.length != (promotes ? 1 : 0)) {
            inspection.report(
                    Rule.ONE_PROMOTION,
                    subject(),
                    "expected %d, found %d".formatted(promotes ? 1 : 0, promotions.length));
            return primary;
        }
        return promotes ? promotion(promotions[0]) : primary;
    }

    private NodeId promotion(int promote) {
        Step step = graph.step(promote);
        NodeId promoted = step.node();
        if (!(step.work() instanceof Work.Promote(var _, var from)) || !from.equals(primary)) {
            inspection.report(
                    Rule.ONE_PROMOTION,
                    step,
                    "expected it to take the place of primary %s".formatted(primary));
            return promoted;
        }
        if (promoted.equals(primary) || inspection.master(promoted).isEmpty()) {
            inspection.report(
                    Rule.ONE_PROMOTION,
                    step,
                    "expected a backup master, found %s".formatted(promoted));
        }
        each(
                Work.Install.class,
                i -> {
                    if (graph.step(i).node().equals(primary) && !graph.precedes(promote, i)) {
                        inspection.report(
                                Rule.PRIMARY_LAST,
                                graph.step(i),
                                "the node is primary until step %s".formatted(step.id()));
                    }
                });
        each(
                Work.OpenAdmission.class,
                i -> {
                    if (!graph.precedes(promote, i)) {
                        inspection.report(
                                Rule.OPEN_BEHIND_PROMOTION,
                                graph.step(i),
                                "may open before step %s".formatted(step.id()));
                    }
                });
        verifiedBefore(promote, promoted);
        return promoted;
    }

    private void verifiedBefore(int promote, NodeId promoted) {
        int lastInstall = -1;
        int verify = -1;
        for (int i : graph.of(promoted)) {
            if (i >= pass.first() && i < pass.end()) {
                if (graph.step(i).work() instanceof Work.Install) {
                    lastInstall = i;
                } else if (graph.step(i).work() instanceof Work.Verify
                        && graph.precedes(i, promote)) {
                    verify = i;
                }
            }
        }
        if (verify < 0 || (lastInstall >= 0 && !graph.precedes(lastInstall, verify))) {
            inspection.report(
                    Rule.OPEN_BEHIND_PROMOTION,
                    graph.step(promote),
                    "%s must be upgraded and verified before it is promoted".formatted(promoted));
        }
    }
}
