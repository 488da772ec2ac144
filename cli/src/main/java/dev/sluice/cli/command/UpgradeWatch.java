package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.Following;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.LiveScreen;
import dev.sluice.cli.render.OutputFormat;
import dev.sluice.cli.render.UpgradeChanges;
import dev.sluice.cli.render.UpgradeView;
import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.WatchUpgradeRequest;
import dev.sluice.v1.WatchUpgradeResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Follows an upgrade to its end: drawn in place on a terminal, else a line for each change, else a
 * document for each update.
 */
final class UpgradeWatch {
    /** A stream is asked for again after this time, so that none hangs for ever. */
    private static final Duration STREAM_LIMIT = Duration.ofHours(1);

    private final RootCommand root;
    private final Surroundings surroundings;
    private final WatchOptions options;
    private final String startedPlan;
    private WatchUpgradeResponse latest = WatchUpgradeResponse.getDefaultInstance();

    /**
     * A watch.
     *
     * @param startedPlan the plan that was just started; empty: whichever the cluster has
     */
    UpgradeWatch(RootCommand root, WatchOptions options, String startedPlan) {
        this.root = root;
        this.surroundings = root.surroundings();
        this.options = options;
        this.startedPlan = startedPlan;
    }

    ExitCode run(ClusterClient client) {
        Following following =
                new Following(
                        client,
                        options.giveUpAfter(),
                        surroundings.nanos(),
                        surroundings.pause(),
                        !startedPlan.isEmpty());
        if (root.format() == OutputFormat.TABLE
                && !options.plain()
                && surroundings.drawable().getAsBoolean()) {
            try (LiveScreen screen = LiveScreen.open()) {
                follow(following, screen);
            } catch (IOException e) {
                throw new CommandFailure(
                        ExitCode.INTERNAL,
                        "the terminal cannot be used: " + e.getMessage(),
                        Map.of("next", "watch with --plain"));
            }
        } else {
            follow(following, null);
        }
        return outcome();
    }

    private void follow(Following following, @Nullable LiveScreen screen) {
        WatchUpgradeRequest request = WatchUpgradeRequest.getDefaultInstance();
        following.untilLast(
                connection -> connection.within(STREAM_LIMIT).watchUpgrade(request),
                update -> {
                    if (update.getSummary().getPlanId().isEmpty()) {
                        throw new CommandFailure(
                                ExitCode.REFUSED,
                                "there is no upgrade to watch",
                                Map.of("next", "plan one with 'sluice upgrade plan'"));
                    }
                    show(update, screen);
                    latest = update;
                    return UpgradeView.hasEnded(update.getSummary().getState());
                },
                reason -> lost(reason, screen));
    }

    private void show(WatchUpgradeResponse update, @Nullable LiveScreen screen) {
        if (screen != null) {
            screen.show(UpgradeView.picture(update, surroundings.clock().instant()));
        } else if (root.format() == OutputFormat.TABLE) {
            Instant now = surroundings.clock().instant().truncatedTo(ChronoUnit.SECONDS);
            UpgradeChanges.between(latest, update)
                    .forEach(line -> surroundings.out().println(now + "  " + line));
        } else {
            surroundings.out().println(root.format().record(Documents.of(update)));
        }
        surroundings.out().flush();
    }

    private void lost(String reason, @Nullable LiveScreen screen) {
        String message = "Connection lost, trying again: " + reason;
        if (screen == null) {
            surroundings.err().println("sluice: " + message);
        } else {
            List<String> lines =
                    new ArrayList<>(UpgradeView.picture(latest, surroundings.clock().instant()));
            lines.addFirst(message);
            screen.show(lines);
        }
    }

    private ExitCode outcome() {
        if (root.format() == OutputFormat.TABLE) {
            surroundings.out().println();
            UpgradeView.outcome(latest, surroundings.clock().instant())
                    .forEach(surroundings.out()::println);
        }
        return latest.getSummary().getState() == UpgradeState.UPGRADE_STATE_COMPLETED
                ? ExitCode.OK
                : ExitCode.UPGRADE_NOT_COMPLETED;
    }
}
