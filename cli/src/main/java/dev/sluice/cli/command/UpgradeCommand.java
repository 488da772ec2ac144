package dev.sluice.cli.command;

import com.google.protobuf.Message;
import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.Connection;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.v1.AbortUpgradeRequest;
import dev.sluice.v1.ConfirmStepRequest;
import dev.sluice.v1.ConfirmStepRequest.Decision;
import dev.sluice.v1.PauseUpgradeRequest;
import dev.sluice.v1.ResumeUpgradeRequest;
import dev.sluice.v1.StartUpgradeRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Upgrades: planning, running, deciding. */
@Command(name = "upgrade", description = "Plans, starts, watches and steers upgrades.")
final class UpgradeCommand {
    private UpgradeCommand() {}

    static UpgradeCommand group() {
        return new UpgradeCommand();
    }

    /** A command that the master does or refuses, with one sentence as the answer. */
    abstract static class Order extends ClusterCommand {
        Order(RootCommand root) {
            super(root);
        }

        abstract Message give(Connection connection);

        abstract String done();

        @Override
        ExitCode run(ClusterClient client) {
            Message response = client.call(this::give);
            root().print(Documents.of(response), () -> List.of(done()));
            return ExitCode.OK;
        }
    }

    /** Runs a plan. */
    @Command(name = "start", description = "Starts a plan.")
    static final class Start extends ClusterCommand {
        @Parameters(paramLabel = "PLAN", description = "The plan's id, from 'upgrade plan'.")
        private String planId = "";

        @Option(names = "--watch", description = "Watches it until it has ended.")
        private boolean watch;

        @Mixin private final WatchOptions watchOptions = new WatchOptions();

        Start(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            StartUpgradeRequest request =
                    StartUpgradeRequest.newBuilder().setPlanId(planId).build();
            Message response =
                    client.call(connection ->
                            connection.within(root().timeout()).startUpgrade(request));
            if (watch) {
                return new UpgradeWatch(root(), watchOptions, planId).run(client);
            }
            root().print(
                            Documents.of(response),
                            () ->
                                    List.of(
                                            "Started "
                                                    + planId
                                                    + "; see it with: sluice upgrade watch"));
            return ExitCode.OK;
        }
    }

    /** Shows an upgrade until it has ended. */
    @Command(name = "watch", description = "Shows the upgrade live until it has ended.")
    static final class Watch extends ClusterCommand {
        @Mixin private final WatchOptions watchOptions = new WatchOptions();

        Watch(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            return new UpgradeWatch(root(), watchOptions, "").run(client);
        }
    }

    /** No new step begins. */
    @Command(name = "pause", description = "Begins no new step; what runs comes to its end.")
    static final class Pause extends Order {
        Pause(RootCommand root) {
            super(root);
        }

        @Override
        Message give(Connection connection) {
            return connection
                    .within(root().timeout())
                    .pauseUpgrade(PauseUpgradeRequest.getDefaultInstance());
        }

        @Override
        String done() {
            return "Paused.";
        }
    }

    /** Steps begin again. */
    @Command(name = "resume", description = "Goes on after a pause or a halt.")
    static final class Resume extends Order {
        Resume(RootCommand root) {
            super(root);
        }

        @Override
        Message give(Connection connection) {
            return connection
                    .within(root().timeout())
                    .resumeUpgrade(ResumeUpgradeRequest.getDefaultInstance());
        }

        @Override
        String done() {
            return "Resumed.";
        }
    }

    /** Ends the upgrade where it is. */
    @Command(name = "abort", description = "Ends the upgrade; nodes keep what they have by then.")
    static final class Abort extends Order {
        @Option(names = "--reason", description = "Why; it is recorded.")
        private String reason = "";

        Abort(RootCommand root) {
            super(root);
        }

        @Override
        Message give(Connection connection) {
            return connection
                    .within(root().timeout())
                    .abortUpgrade(AbortUpgradeRequest.newBuilder().setReason(reason).build());
        }

        @Override
        String done() {
            return "Aborting.";
        }
    }

    /** An operator's decision that a step waits for. */
    @Command(
            name = "confirm",
            description =
                    "Decides a step that waits for an operator; without an option: it is right.")
    static final class Confirm extends Order {
        @Parameters(paramLabel = "STEP", description = "The step's id, from 'upgrade watch'.")
        private String stepId = "";

        @ArgGroup private @Nullable Choice choice;

        /** At most one of them. */
        static final class Choice {
            @Option(names = "--reject", description = "The node is wrong: the step fails.")
            private boolean reject;

            @Option(names = "--cut", description = "A held drain: cut the clients that are left.")
            private boolean cut;

            @Option(names = "--extend", description = "A held drain: wait for as long again.")
            private boolean extend;
        }

        Confirm(RootCommand root) {
            super(root);
        }

        private Decision decision() {
            Choice chosen = choice;
            if (chosen == null) {
                return Decision.DECISION_CONFIRM;
            }
            if (chosen.reject) {
                return Decision.DECISION_REJECT;
            }
            if (chosen.cut) {
                return Decision.DECISION_CUT;
            }
            return chosen.extend ? Decision.DECISION_EXTEND : Decision.DECISION_CONFIRM;
        }

        @Override
        Message give(Connection connection) {
            return connection
                    .within(root().timeout())
                    .confirmStep(
                            ConfirmStepRequest.newBuilder()
                                    .setStepId(stepId)
                                    .setDecision(decision())
                                    .build());
        }

        @Override
        String done() {
            return "Step "
                    + stepId
                    + ": "
                    + switch (decision()) {
                        case DECISION_CONFIRM -> "confirmed.";
                        case DECISION_REJECT -> "rejected.";
                        case DECISION_CUT -> "the clients that are left are cut.";
                        case DECISION_EXTEND -> "the drain has as long again.";
                        case DECISION_UNSPECIFIED, UNRECOGNIZED -> "decided.";
                    };
        }
    }
}
