package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.outcome.ExitCode;
import java.util.concurrent.Callable;

/** A command that talks to a cluster. */
abstract class ClusterCommand implements Callable<Integer> {
    private final RootCommand root;

    ClusterCommand(RootCommand root) {
        this.root = root;
    }

    final RootCommand root() {
        return root;
    }

    abstract ExitCode run(ClusterClient client);

    @Override
    public final Integer call() {
        try (ClusterClient client = root.client()) {
            return run(client).number();
        }
    }
}
