package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.v1.SetNodeAdmissionRequest;
import dev.sluice.v1.SetNodeAdmissionResponse;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** What an operator does to one traffic node. */
@Command(name = "node", description = "Takes a traffic node out of service, or gives it back.")
final class NodeCommand {
    private NodeCommand() {}

    static NodeCommand group() {
        return new NodeCommand();
    }

    /** No new connections, until an operator opens it again. */
    @Command(name = "close", description = "Stops new connections; plans leave the node closed.")
    static final class Close extends Admission {
        Close(RootCommand root) {
            super(root, false);
        }
    }

    /** New connections again. */
    @Command(name = "open", description = "Takes new connections again.")
    static final class Open extends Admission {
        Open(RootCommand root) {
            super(root, true);
        }
    }

    abstract static class Admission extends ClusterCommand {
        private final boolean accepting;

        @Parameters(paramLabel = "ID", description = "The traffic node's name.")
        private String id = "";

        Admission(RootCommand root, boolean accepting) {
            super(root);
            this.accepting = accepting;
        }

        @Override
        ExitCode run(ClusterClient client) {
            SetNodeAdmissionRequest request =
                    SetNodeAdmissionRequest.newBuilder()
                            .setNodeId(id)
                            .setAccepting(accepting)
                            .build();
            SetNodeAdmissionResponse response =
                    client.call(connection ->
                            connection.within(root().timeout()).setNodeAdmission(request));
            String done = "Node " + id + (accepting ? ": admission open." : ": admission closed.");
            root().print(Documents.of(response), () -> List.of(done));
            return ExitCode.OK;
        }
    }
}
