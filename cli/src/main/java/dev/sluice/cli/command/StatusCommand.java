package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.Table;
import dev.sluice.cli.render.UpgradeView;
import dev.sluice.cli.render.Words;
import dev.sluice.v1.GetStatusRequest;
import dev.sluice.v1.GetStatusResponse;
import dev.sluice.v1.MasterStatus;
import dev.sluice.v1.UpgradeSummary;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/** The cluster in a few lines. */
@Command(name = "status", description = "Shows the cluster: masters, nodes, sessions, upgrade.")
final class StatusCommand extends ClusterCommand {
    StatusCommand(RootCommand root) {
        super(root);
    }

    @Override
    ExitCode run(ClusterClient client) {
        GetStatusResponse status =
                client.call(connection ->
                        connection
                                .within(root().timeout())
                                .getStatus(GetStatusRequest.getDefaultInstance()));
        root().print(Documents.of(status), () -> lines(status));
        return ExitCode.OK;
    }

    private static List<String> lines(GetStatusResponse status) {
        List<String> lines = new ArrayList<>();
        Table facts = new Table("CLUSTER", status.getCluster());
        facts.row("primary", status.getPrimary().isEmpty() ? "none" : status.getPrimary());
        facts.row("answered by", status.getAnsweredBy());
        facts.row(
                "shared address",
                status.getSharedAddress()
                        + (status.getSharedAddressHolder().isEmpty()
                                ? ", held by nobody"
                                : ", held by " + status.getSharedAddressHolder()));
        facts.row(
                "nodes",
                status.getNodesTotal()
                        + " ("
                        + status.getNodesAccepting()
                        + " accept, "
                        + status.getNodesUnknown()
                        + " unknown)");
        facts.row("sessions", status.getSessions() + " connected");
        facts.row("failover", status.getFailoverBroken() ? "broken" : "in place");
        facts.row(
                "configuration",
                status.getFrozenBy().isEmpty() ? "open" : "frozen by " + status.getFrozenBy());
        facts.row("upgrade", upgrade(status));
        lines.addAll(facts.lines());
        lines.add("");
        Table masters =
                new Table("MASTER", "REGION", "ROLE", "LINK", "CONTROL PLANE", "INSTALLED", "SYNC");
        for (MasterStatus master : status.getMastersList()) {
            masters.row(
                    master.getId(),
                    master.getRegion(),
                    master.getRole(),
                    master.getConnected() ? "up" : "down",
                    master.getControlPlaneVersion(),
                    Words.versions(master.getInstalledMap()),
                    master.hasLastSync() ? Words.instant(master.getLastSync()) : "");
        }
        lines.addAll(masters.lines());
        return lines;
    }

    private static String upgrade(GetStatusResponse status) {
        if (!status.hasUpgrade()) {
            return "never";
        }
        UpgradeSummary upgrade = status.getUpgrade();
        return upgrade.getPlanId()
                + " to "
                + Words.versions(upgrade.getTargetMap())
                + ": "
                + UpgradeView.name(upgrade.getState())
                + (upgrade.getPhase().isEmpty() ? "" : ", phase " + upgrade.getPhase())
                + ", "
                + upgrade.getStepsDone()
                + " of "
                + upgrade.getStepsTotal()
                + " steps";
    }
}
