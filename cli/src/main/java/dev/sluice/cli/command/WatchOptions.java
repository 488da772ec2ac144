package dev.sluice.cli.command;

import dev.sluice.cli.outcome.CommandFailure;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How an upgrade is watched. */
final class WatchOptions {
    @Option(
            names = "--give-up-after",
            paramLabel = "DURATION",
            description =
                    "How long masters may be away, such as while they switch (default: PT2M).")
    private Duration giveUpAfter = Duration.ofMinutes(2);

    @Option(names = "--plain", description = "A line for each change, on terminals too.")
    private boolean plain;

    Duration giveUpAfter() {
        if (giveUpAfter.isNegative()) {
            throw CommandFailure.badInput(
                    "--give-up-after: expected a duration from zero up, found " + giveUpAfter);
        }
        return giveUpAfter;
    }

    boolean plain() {
        return plain;
    }
}
