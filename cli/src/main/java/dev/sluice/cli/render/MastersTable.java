package dev.sluice.cli.render;

import dev.sluice.v1.ListMastersResponse;
import dev.sluice.v1.MasterDetail;
import dev.sluice.v1.ResyncProgress;
import dev.sluice.v1.WitnessDetail;
import java.util.ArrayList;
import java.util.List;

/** The masters and witnesses as lines of text. Pure. */
public final class MastersTable {
    private MastersTable() {}

    public static List<String> lines(ListMastersResponse list) {
        Table facts = new Table("CLUSTER", list.getCluster());
        facts.row("primary", primary(list));
        facts.row(
                "answered by",
                list.getAnsweredBy() + ", " + list.getStanding() + ": " + list.getStandingWords());
        facts.row("automatic failover", automatic(list));
        facts.row(
                "would take over",
                list.getSuccessor().isEmpty()
                        ? "nobody: " + list.getNoSuccessor()
                        : list.getSuccessor());
        if (list.hasSessionRecords()) {
            facts.row("session records", SessionRecordsTable.summary(list.getSessionRecords()));
        }
        List<String> lines = new ArrayList<>(facts.lines());
        lines.add("");
        lines.addAll(masters(list));
        lines.add("");
        lines.addAll(witnesses(list));
        return lines;
    }

    private static String primary(ListMastersResponse list) {
        if (list.getPrimary().isEmpty()) {
            return "none";
        }
        return list.hasBallot()
                ? list.getPrimary() + ", ballot " + Words.ballot(list.getBallot())
                : list.getPrimary();
    }

    private static String automatic(ListMastersResponse list) {
        if (list.getAutomaticFailover()) {
            return "on";
        }
        List<String> by = new ArrayList<>();
        if (!list.getSwitchedOffBy().isEmpty()) {
            by.add("operator " + list.getSwitchedOffBy());
        }
        if (!list.getBrokenByPlan().isEmpty()) {
            by.add("plan " + list.getBrokenByPlan());
        }
        return by.isEmpty() ? "off" : "off, by " + String.join(" and ", by);
    }

    private static List<String> masters(ListMastersResponse list) {
        Table table =
                new Table(
                        "MASTER",
                        "REGION",
                        "ROLE",
                        "LINK",
                        "IN SYNC",
                        "HAS ENTRY",
                        "LAST SYNC",
                        "REPAIR",
                        "CONTROL PLANE");
        for (MasterDetail master : list.getMastersList()) {
            table.row(
                    master.getId(),
                    master.getRegion(),
                    master.getRole(),
                    master.getConnected() ? "up" : "down",
                    master.getInSync() ? "yes" : "no: " + master.getNotInSync(),
                    Long.toUnsignedString(master.getReplicatedIndex()),
                    master.hasLastSync() ? Words.instant(master.getLastSync()) : "",
                    master.hasResync() ? progress(master.getResync()) : "",
                    master.getControlPlaneVersion());
        }
        return table.lines();
    }

    private static String progress(ResyncProgress progress) {
        if (progress.getBytesTotal() <= 0) {
            return progress.getBytesDone() == 0
                    ? progress.getPhase()
                    : progress.getPhase() + ", " + Words.bytes(progress.getBytesDone());
        }
        return progress.getPhase()
                + ", "
                + Words.bytes(progress.getBytesDone())
                + " of "
                + Words.bytes(progress.getBytesTotal());
    }

    private static List<String> witnesses(ListMastersResponse list) {
        Table table = new Table("WITNESS", "REGION", "LEDGER", "REACHABLE");
        for (WitnessDetail witness : list.getWitnessesList()) {
            table.row(
                    witness.getNode(),
                    witness.getRegion(),
                    witness.getStoreId(),
                    (witness.getReachable() ? "yes" : "no: " + witness.getNotReachable())
                            + (witness.getLeaving() ? "; leaves" : ""));
        }
        return table.lines();
    }
}
