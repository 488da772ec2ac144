package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.PlanView;
import dev.sluice.v1.PlanUpgradeRequest;
import dev.sluice.v1.PlanUpgradeResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Asks the cluster for a plan, and prints the document that planning offline prints. */
@Command(name = "plan", description = "Plans an upgrade; changes nothing until it is started.")
final class PlanCommand extends ClusterCommand {
    /** Ten thousand nodes are planned in a second; a busy master takes longer. */
    private static final Duration LIMIT = Duration.ofMinutes(1);

    @Option(
            names = "--target",
            required = true,
            paramLabel = "NAME=VERSION",
            description = "A package and the version that it should have.")
    private List<String> targets = List.of();

    @Option(
            names = "--strategy",
            paramLabel = "STRATEGY",
            description = "Such as CLUSTER or PAIR_SYNC (default: by the topology).")
    private String strategy = "";

    @Option(names = "--without-backup", description = "Plans without a fresh backup; recorded.")
    private boolean withoutBackup;

    @Option(names = "--dry-run", description = "Only shows the plan; it can't be started.")
    private boolean dryRun;

    PlanCommand(RootCommand root) {
        super(root);
    }

    @Override
    ExitCode run(ClusterClient client) {
        PlanUpgradeRequest request =
                PlanUpgradeRequest.newBuilder()
                        .putAllTarget(parsed(targets))
                        .setStrategy(strategy)
                        .setWithoutBackup(withoutBackup)
                        .setDryRun(dryRun)
                        .build();
        PlanUpgradeResponse response =
                client.call(connection -> connection.within(LIMIT).planUpgrade(request));
        PlanView plan = PlanView.of(response.getPlanId(), response.getDocumentJson());
        root().print(plan.document(), plan::lines);
        return response.getRefused() ? ExitCode.REFUSED : ExitCode.OK;
    }

    private static Map<String, String> parsed(List<String> targets) {
        Map<String, String> parsed = new TreeMap<>();
        for (String target : targets) {
            int equals = target.indexOf('=');
            if (equals < 1 || equals == target.length() - 1) {
                throw CommandFailure.badInput(
                        "--target '"
                                + target
                                + "': expected NAME=VERSION, such as site=25.1.0; nothing was"
                                + " planned");
            }
            String name = target.substring(0, equals);
            if (parsed.put(name, target.substring(equals + 1)) != null) {
                throw CommandFailure.badInput(
                        "--target: expected '" + name + "' once, found it twice");
            }
        }
        return parsed;
    }
}
