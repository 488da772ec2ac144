package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.OneMaster;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.Words;
import dev.sluice.v1.PromoteMasterRequest;
import dev.sluice.v1.PromoteMasterResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Makes a backup primary: by the primary's own hand when one answers, else by the witnesses' word.
 */
@Command(
        name = "promote",
        description = {
            "Makes a backup primary.",
            "The primary hands over when it answers; else the backup asks the witnesses.",
            "When too few witnesses are left, --force shows what would be given up."
        })
final class PromoteCommand extends ClusterCommand {
    @Parameters(paramLabel = "ID", description = "The master that is to be primary.")
    private String id = "";

    @Option(
            names = "--during-upgrade",
            description =
                    "Also while an upgrade is paused or halted, whose plan names the primary.")
    private boolean duringUpgrade;

    @ArgGroup(exclusive = false)
    private @Nullable Force force;

    /** Without those that can't be reached. */
    static final class Force {
        @Option(
                names = "--force",
                required = true,
                description = {
                    "Becomes primary without those that can't be reached.",
                    "Alone, only shows what that would give up."
                })
        @SuppressWarnings("UnusedVariable") // that it is there is what counts
        private boolean force;

        @Option(
                names = "--write-off",
                paramLabel = "NODE",
                split = ",",
                description = "Masters and nodes that are given up, separated by commas.")
        private List<String> writeOff = new ArrayList<>();

        @Option(
                names = "--accept-loss",
                description = "Does it: what is shown as lost may be lost.")
        private boolean acceptLoss;

        @Option(names = "--yes", description = "Asks for no confirmation.")
        private boolean yes;
    }

    PromoteCommand(RootCommand root) {
        super(root);
    }

    @Override
    ExitCode run(ClusterClient client) {
        Duration limit = root().timeout();
        Force forced = force;
        if (forced != null) {
            return new ForcedPromotionFlow(root(), client, id, forced.writeOff)
                    .run(forced.acceptLoss, forced.yes);
        }
        long end = root().surroundings().nanos().getAsLong() + limit.toNanos();
        OneMaster masters = new OneMaster(client, limit);
        Optional<String> primary = masters.primary();
        PromoteMasterRequest request =
                PromoteMasterRequest.newBuilder()
                        .setMasterId(id)
                        .setDuringUpgrade(duringUpgrade)
                        .build();
        PromoteMasterResponse response =
                masters.call(
                        primary.orElse(id),
                        connection -> connection.within(limit).promoteMaster(request));
        if (!response.getHandedOverBy().isEmpty()) {
            response = waitFor(masters, response, end);
        }
        PromoteMasterResponse done = response;
        root().print(Documents.of(done), () -> List.of(words(done)));
        return ExitCode.OK;
    }

    private PromoteMasterResponse waitFor(
            OneMaster masters, PromoteMasterResponse handedOver, long end) {
        long left = end - root().surroundings().nanos().getAsLong();
        Duration limit = Duration.ofNanos(Math.max(left, Duration.ofSeconds(1).toNanos()));
        PromoteMasterRequest wait =
                PromoteMasterRequest.newBuilder().setMasterId(id).setOnlyWait(true).build();
        try {
            PromoteMasterResponse primary =
                    masters.call(id, connection -> connection.within(limit).promoteMaster(wait));
            return handedOver.toBuilder().setBallot(primary.getBallot()).build();
        } catch (CommandFailure failure) {
            throw new CommandFailure(
                    failure.exitCode(),
                    "master "
                            + handedOver.getHandedOverBy()
                            + " has handed over, but whether master "
                            + id
                            + " is primary is not known: "
                            + failure.text(),
                    failure.details());
        }
    }

    private String words(PromoteMasterResponse response) {
        return "Master "
                + id
                + " is primary, ballot "
                + Words.ballot(response.getBallot())
                + (response.getHandedOverBy().isEmpty()
                        ? ": the witnesses let it."
                        : ": master " + response.getHandedOverBy() + " handed over.");
    }
}
