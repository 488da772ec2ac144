package dev.sluice.cli.render;

import dev.sluice.v1.ForcedChange;
import dev.sluice.v1.MasterStatus;
import dev.sluice.v1.NodeProgress;
import dev.sluice.v1.PhaseTiming;
import dev.sluice.v1.RegionProgress;
import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.UpgradeSummary;
import dev.sluice.v1.Waiting;
import dev.sluice.v1.WatchUpgradeResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The picture of an upgrade as lines of text. Pure: the same update and time give the same lines.
 *
 * <p>{@link #picture} is the whole state, for a display that is drawn again and again; {@link
 * #outcome} what remains at the end. {@link UpgradeChanges} is for output that only grows.
 */
public final class UpgradeView {
    private UpgradeView() {}

    /** Whether nothing more happens by itself: completed, aborted, or halted until someone acts. */
    public static boolean hasEnded(UpgradeState state) {
        return switch (state) {
            case UPGRADE_STATE_COMPLETED, UPGRADE_STATE_ABORTED, UPGRADE_STATE_HALTED -> true;
            case UPGRADE_STATE_UNSPECIFIED,
                    UPGRADE_STATE_PLANNED,
                    UPGRADE_STATE_RUNNING,
                    UPGRADE_STATE_PAUSED,
                    UPGRADE_STATE_ABORTING,
                    UNRECOGNIZED ->
                    false;
        };
    }

    /** The state as operators know it: {@code RUNNING}. */
    public static String name(UpgradeState state) {
        return switch (state) {
            case UPGRADE_STATE_UNSPECIFIED, UNRECOGNIZED -> "UNKNOWN";
            case UPGRADE_STATE_PLANNED -> "PLANNED";
            case UPGRADE_STATE_RUNNING -> "RUNNING";
            case UPGRADE_STATE_PAUSED -> "PAUSED";
            case UPGRADE_STATE_HALTED -> "HALTED";
            case UPGRADE_STATE_ABORTING -> "ABORTING";
            case UPGRADE_STATE_ABORTED -> "ABORTED";
            case UPGRADE_STATE_COMPLETED -> "COMPLETED";
        };
    }

    /** Everything that is known now; {@code now} is what running times are counted to. */
    public static List<String> picture(WatchUpgradeResponse update, Instant now) {
        List<String> lines = new ArrayList<>();
        lines.add(headline(update.getSummary()));
        masters(update, lines);
        for (RegionProgress region : update.getRegionsList()) {
            region(region, lines);
        }
        waiting(update.getWaitingList(), now, lines);
        phases(update.getPhasesList(), now, lines);
        attention(update, update.getForcedChangesList(), lines);
        return lines;
    }

    /**
     * The end of an upgrade: what every node runs, how long each phase took, what is left to do.
     */
    public static List<String> outcome(WatchUpgradeResponse update, Instant now) {
        List<String> lines = new ArrayList<>();
        lines.add(headline(update.getSummary()));
        lines.add("");
        Table table = new Table("NODE", "REGION", "HALF", "STATE", "ADMISSION", "INSTALLED");
        for (MasterStatus master : update.getMastersList()) {
            table.row(
                    master.getId(),
                    master.getRegion(),
                    "",
                    master.getRole(),
                    "",
                    Words.versions(master.getInstalledMap()));
        }
        for (RegionProgress region : update.getRegionsList()) {
            for (NodeProgress node : region.getNodeProgressList()) {
                table.row(
                        node.getNode(),
                        region.getRegion(),
                        half(node),
                        node.getState(),
                        admission(node.getAccepting()),
                        Words.versions(node.getInstalledMap()));
            }
        }
        lines.addAll(table.lines());
        phases(update.getPhasesList(), now, lines);
        if (update.getForcedChangesCount() > 0) {
            lines.add("");
            lines.addAll(ForcedChanges.table(update.getForcedChangesList()));
        }
        attention(update, List.of(), lines);
        return lines;
    }

    private static String headline(UpgradeSummary summary) {
        return String.format(
                Locale.ROOT,
                "Upgrade %s to %s: %s%s, %d of %d steps",
                Table.printable(summary.getPlanId()),
                Table.printable(Words.versions(summary.getTargetMap())),
                name(summary.getState()),
                summary.getPhase().isEmpty()
                        ? ""
                        : ", phase " + Table.printable(summary.getPhase()),
                summary.getStepsDone(),
                summary.getStepsTotal());
    }

    private static void masters(WatchUpgradeResponse update, List<String> lines) {
        lines.add("");
        Table table = new Table("MASTER", "REGION", "ROLE", "CONTROL PLANE", "LINK", "INSTALLED");
        for (MasterStatus master : update.getMastersList()) {
            table.row(
                    master.getId(),
                    master.getRegion(),
                    master.getRole(),
                    master.getControlPlaneVersion(),
                    master.getConnected() ? "up" : "down",
                    Words.versions(master.getInstalledMap()));
        }
        lines.addAll(table.lines());
        if (update.getPrimary().isEmpty()) {
            lines.add("No master is primary at the moment.");
        }
    }

    private static void region(RegionProgress region, List<String> lines) {
        lines.add("");
        lines.add(
                String.format(
                        Locale.ROOT,
                        "Region %s: %d of %d nodes accept (never fewer than %d), %d sessions",
                        Table.printable(region.getRegion()),
                        region.getAccepting(),
                        region.getNodes(),
                        region.getRequiredAccepting(),
                        region.getSessions()));
        Table table =
                new Table("NODE", "HALF", "STATE", "STEP", "ADMISSION", "SESSIONS", "INSTALLED");
        for (NodeProgress node : region.getNodeProgressList()) {
            table.row(
                    node.getNode(),
                    half(node),
                    node.getState(),
                    node.getStep(),
                    admission(node.getAccepting()),
                    node.getSessions(),
                    Words.versions(node.getInstalledMap()));
        }
        lines.addAll(table.lines());
    }

    private static void waiting(List<Waiting> all, Instant now, List<String> lines) {
        if (all.isEmpty()) {
            return;
        }
        lines.add("");
        Table table = new Table("WAITS FOR", "STEP", "SINCE", "ATTEMPT", "WHY");
        for (Waiting waiting : all) {
            String since =
                    waiting.hasSince()
                            ? Words.duration(
                                    Duration.between(Words.instant(waiting.getSince()), now))
                            : "";
            table.row(
                    waiting.getSubject(),
                    (waiting.getKind() + " " + waiting.getStepId()).strip(),
                    since,
                    waiting.getAttempt(),
                    waiting.getReason());
        }
        lines.addAll(table.lines());
    }

    private static void phases(List<PhaseTiming> phases, Instant now, List<String> lines) {
        if (phases.isEmpty()) {
            return;
        }
        lines.add("");
        Table table = new Table("PASS", "PHASE", "STEPS", "TOOK");
        for (PhaseTiming phase : phases) {
            table.row(
                    phase.getPass(),
                    phase.getPhase(),
                    phase.getStepsDone() + "/" + phase.getStepsTotal(),
                    took(phase, now));
        }
        lines.addAll(table.lines());
    }

    private static String took(PhaseTiming phase, Instant now) {
        if (!phase.hasStarted()) {
            return "";
        }
        Instant end = phase.hasEnded() ? Words.instant(phase.getEnded()) : now;
        return Words.duration(Duration.between(Words.instant(phase.getStarted()), end));
    }

    private static void attention(
            WatchUpgradeResponse update, List<ForcedChange> forced, List<String> lines) {
        List<String> notes = new ArrayList<>();
        update.getHaltReasonsList().forEach(reason -> notes.add("Halted: " + reason));
        update.getNodesSetAsideList().forEach(node -> notes.add("Set aside: " + node));
        forced.forEach(change -> notes.add("Forced change: " + ForcedChanges.sentence(change)));
        update.getWarningsList().forEach(warning -> notes.add("Warning: " + warning));
        if (!notes.isEmpty()) {
            lines.add("");
            notes.forEach(note -> lines.add(Table.printable(note)));
        }
    }

    /** When the plan touches the node, seen from the promotion. */
    static String half(NodeProgress node) {
        return switch (node.getHalf()) {
            case 0 -> "";
            case 1 -> "first";
            case 2 -> "second";
            default -> "half " + node.getHalf();
        };
    }

    /** Whether new connections are taken. */
    static String admission(boolean accepting) {
        return accepting ? "open" : "closed";
    }
}
