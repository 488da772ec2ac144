package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.Table;
import dev.sluice.cli.render.Words;
import dev.sluice.v1.ListNodesRequest;
import dev.sluice.v1.ListNodesResponse;
import dev.sluice.v1.NodeStatus;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The nodes, one a row. */
@Command(name = "nodes", description = "Lists the nodes: state, sessions, what they run.")
final class NodesCommand extends ClusterCommand {
    @Option(names = "--region", paramLabel = "REGION", description = "Only this region's nodes.")
    private String region = "";

    NodesCommand(RootCommand root) {
        super(root);
    }

    @Override
    ExitCode run(ClusterClient client) {
        ListNodesRequest request = ListNodesRequest.newBuilder().setRegion(region).build();
        ListNodesResponse response =
                client.call(connection -> connection.within(root().timeout()).listNodes(request));
        root().print(Documents.of(response), () -> lines(response));
        return ExitCode.OK;
    }

    private static List<String> lines(ListNodesResponse response) {
        Table table =
                new Table(
                        "NODE",
                        "REGION",
                        "ROLE",
                        "LINK",
                        "HEALTH",
                        "ADMISSION",
                        "SESSIONS",
                        "RUNS",
                        "INSTALLED",
                        "ACTIVITY",
                        "REMARK");
        for (NodeStatus node : response.getNodesList()) {
            table.row(
                    node.getId(),
                    node.getRegion(),
                    node.getRole(),
                    link(node),
                    node.getHealthy() ? "good" : "bad",
                    admission(node),
                    Words.sessions(node.getSessionsMap()),
                    node.getRunningVersion(),
                    Words.versions(node.getInstalledMap()),
                    node.getActivity(),
                    node.getRemark());
        }
        return table.lines();
    }

    private static String link(NodeStatus node) {
        if (!node.getConnected()) {
            return "down";
        }
        return node.getFenced() ? "up" : "unfenced";
    }

    private static String admission(NodeStatus node) {
        if (node.getOperatorClosed()) {
            return "closed by operator";
        }
        return node.getAccepting() ? "open" : "closed";
    }
}
