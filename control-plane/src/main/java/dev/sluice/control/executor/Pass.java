package dev.sluice.control.executor;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.model.Work;
import dev.sluice.control.state.Capacity;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Upgrade;
import dev.sluice.control.state.UpgradeStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One look of the executor at everything: which steps end, which go on, which begin, and what is
 * waited for. Pure.
 *
 * @param directives what is to be done now
 * @param waits what is being done or waited for
 */
public record Pass(List<Directive> directives, List<Waiting> waits) {

    /** Waits listed at most: what people read. */
    private static final int MAX_WAITS = 200;

    public Pass {
        directives = List.copyOf(directives);
        waits = List.copyOf(waits);
    }

    /** Looks. */
    public static Pass over(Situation situation) {
        Builder builder = new Builder(situation);
        builder.directives.addAll(Standing.keeping(situation));
        situation
                .state()
                .currentUpgrade()
                .filter(u -> !u.status().isOver())
                .ifPresent(builder::upgrade);
        builder.directives.addAll(builder.distribution.standingDirectives(situation));
        Standing.directives(situation).forEach(builder.directives::add);
        return new Pass(builder.directives, builder.waits);
    }

    private static final class Builder {
        private final Situation situation;
        private final Distribution distribution;
        private final List<Directive> directives = new ArrayList<>();
        private final List<Waiting> waits = new ArrayList<>();

        Builder(Situation situation) {
            this.situation = situation;
            this.distribution =
                    Distribution.of(
                            situation,
                            situation.state().currentUpgrade().filter(u -> isUnderWay(u.status())));
        }

        private static boolean isUnderWay(UpgradeStatus status) {
            return switch (status) {
                case RUNNING, PAUSED, HALTED -> true;
                case PLANNED, ABORTING, ABORTED, COMPLETED -> false;
            };
        }

        void upgrade(Upgrade upgrade) {
            switch (upgrade.status()) {
                case PLANNED, ABORTED, COMPLETED -> {}
                case ABORTING -> Abort.directives(situation, upgrade).forEach(directives::add);
                case RUNNING, PAUSED, HALTED -> steps(upgrade);
            }
        }

        private void steps(Upgrade upgrade) {
            StepJudge judge = new StepJudge(situation, upgrade, distribution);
            Set<NodeId> notServing = situation.notServing();
            boolean allOver = true;
            for (Step step : upgrade.graph().steps()) {
                StepStatus status = upgrade.statusOf(step.id());
                allOver &= status.isOver();
                if (status == StepStatus.RUNNING) {
                    running(upgrade, step, judge.judge(step));
                } else if (status == StepStatus.PENDING
                        && upgrade.status() == UpgradeStatus.RUNNING
                        && upgrade.isReady(step)) {
                    ready(upgrade, step, notServing);
                }
            }
            if (allOver && upgrade.status() == UpgradeStatus.RUNNING) {
                directives.add(new Directive.Submit(new Command.CompleteUpgrade(upgrade.id())));
            }
        }

        private void running(Upgrade upgrade, Step step, Verdict verdict) {
            StepRecord record = upgrade.record(step.id());
            switch (verdict) {
                case Verdict.Succeeded(var evidence) ->
                        submit(new Command.CompleteStep(upgrade.id(), step.id(), evidence));
                case Verdict.Failed(var reason, var retryable) ->
                        submit(
                                new Command.FailStep(
                                        upgrade.id(),
                                        step.id(),
                                        record.attempts(),
                                        reason,
                                        retryable));
                case Verdict.Waiting(var reason) -> wait(upgrade, step, reason);
                case Verdict.Tell(var work, var reason) -> {
                    wait(upgrade, step, reason);
                    send(upgrade, step, work);
                }
                case Verdict.TakeBackup() -> {
                    wait(upgrade, step, "the backup is being written");
                    String id = Commands.id(upgrade, step, record.attempts());
                    directives.add(new Directive.TakeBackup(id));
                }
                case Verdict.HandOver() -> submit(new Command.DecideHandover(step.node()));
                case Verdict.Hold(var clients) -> {
                    wait(
                            upgrade,
                            step,
                            "the drain's deadline passed with %d clients".formatted(clients));
                    submit(new Command.HoldDrain(upgrade.id(), step.id(), clients));
                }
            }
        }

        private void ready(Upgrade upgrade, Step step, Set<NodeId> notServing) {
            Optional<String> notYet = whyNotYet(upgrade, step, notServing);
            if (notYet.isPresent()) {
                wait(upgrade, step, notYet.get());
            } else {
                submit(new Command.StartStep(upgrade.id(), step.id(), notServing));
            }
        }

        private Optional<String> whyNotYet(Upgrade upgrade, Step step, Set<NodeId> notServing) {
            StepRecord record = upgrade.record(step.id());
            Situation.Note note = situation.notes().get(step.id());
            if (record.failures() > 0
                    && note != null
                    && note.watched().compareTo(backoff(record)) < 0) {
                return Optional.of(
                        "tried again soon; attempt %d failed: %s"
                                .formatted(record.attempts(), record.lastFailure()));
            }
            return switch (step.work()) {
                case Work.CloseAdmission(var node) ->
                        Capacity.of(situation.state(), step.region(), notServing)
                                .refusesToClose(node);
                case Work.Distribute(var node, var ref) -> distribution.reasonToWait(node, ref);
                case Work.Install(var node, var _) ->
                        situation
                                .electorate()
                                .refusesToDisrupt(situation.state(), node)
                                .map(reason -> "node %s: %s".formatted(node, reason));
                default -> Optional.empty();
            };
        }

        /** Doubles from one second to ten: a cause that passes by itself gets time to pass. */
        private static Duration backoff(StepRecord record) {
            return Duration.ofSeconds(Math.min(10, 1L << Math.min(4, record.failures() - 1)));
        }

        private void submit(Command command) {
            directives.add(new Directive.Submit(command));
        }

        private void send(Upgrade upgrade, Step step, AgentCommand.AgentWork work) {
            int attempt = upgrade.record(step.id()).attempts();
            String id = Commands.id(upgrade, step, attempt);
            // What a drain tells may have to be done again: it goes without a step, so that each
            // sending has an id of its own, and no recorded result answers it.
            boolean isDrain = step.kind() == StepKind.DRAIN;
            directives.add(
                    new Directive.Send(
                            step.node(),
                            new AgentCommand(
                                    isDrain ? id + "/" + work.getClass().getSimpleName() : id,
                                    situation.ballot(),
                                    upgrade.id().value(),
                                    isDrain ? "" : step.id().value(),
                                    attempt,
                                    work)));
        }

        private void wait(Upgrade upgrade, Step step, String reason) {
            if (waits.size() < MAX_WAITS) {
                StepRecord record = upgrade.record(step.id());
                waits.add(
                        new Waiting(
                                step.id(),
                                step.kind(),
                                step.node().value(),
                                reason,
                                record.attempts(),
                                record.startedAt()));
            }
        }
    }
}
