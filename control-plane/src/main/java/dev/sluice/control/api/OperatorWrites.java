package dev.sluice.control.api;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.OutcomeOpenException;
import dev.sluice.control.controller.Writer;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Plan;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.offline.PlanDocument;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.Upgrade;
import dev.sluice.control.state.UpgradeStatus;
import dev.sluice.v1.PlanUpgradeRequest;
import dev.sluice.v1.PlanUpgradeResponse;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What operators ask to be changed: hands it to the controller and tells how it was decided. */
final class OperatorWrites {

    /**
     * The writer itself answers what takes too long to commit; a disk that takes longer still to
     * make a decision durable is no disk to wait for.
     */
    private static final Duration LONGEST_DECISION =
            Duration.ofNanos(Writer.LONGEST_COMMIT_NANOS).plusSeconds(2);

    /** Reasons told in one error; the rest is counted. */
    private static final int MAX_REASONS = 5;

    private final NodeId self;
    private final Controller controller;
    private final Supplier<Outlook> outlook;

    /** One plan is made at a time: the next one's number depends on it. */
    private final Semaphore planning = new Semaphore(1);

    OperatorWrites(NodeId self, Controller controller, Supplier<Outlook> outlook) {
        this.self = self;
        this.controller = controller;
        this.outlook = outlook;
    }

    /**
     * Lets only the master in office go on.
     *
     * @throws StatusRuntimeException FAILED_PRECONDITION, naming the primary
     */
    void requireOffice() {
        if (!controller.isInOffice()) {
            throw notPrimary();
        }
    }

    private StatusRuntimeException notPrimary() {
        Office office = controller.state().office();
        return ApiErrors.notPrimary(
                self,
                Optional.ofNullable(office).map(Office::entitled).filter(id -> !id.equals(self)));
    }

    /**
     * Has a command decided.
     *
     * @return what was recorded; nothing when all was so already
     * @throws StatusRuntimeException when it was rejected, or no answer came
     */
    List<Event> submit(Command command) {
        return switch (decide(command)) {
            case Decision.Accepted(var events) -> events;
            case Decision.Rejected(var refusal) ->
                    throw controller.isInOffice() ? ApiErrors.refused(refusal) : notPrimary();
        };
    }

    private Decision decide(Command command) {
        String name = command.getClass().getSimpleName();
        try {
            return controller
                    .submit(command)
                    .get(LONGEST_DECISION.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
            throw ApiErrors.unanswered(
                    name,
                    "was not decided within %s; see with 'sluice status' whether it was done"
                            .formatted(LONGEST_DECISION));
        } catch (ExecutionException e) {
            throw e.getCause() instanceof OutcomeOpenException open
                    ? ApiErrors.unanswered(name, String.valueOf(open.getMessage()))
                    : ApiErrors.internal(name, e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw ApiErrors.unanswered(
                    name, "this master is closing; see with 'sluice status' whether it was done");
        }
    }

    /** Plans; what was planned is kept as the current plan unless it was only asked for. */
    PlanUpgradeResponse plan(PlanUpgradeRequest request, Actor actor) {
        if (!planning.tryAcquire()) {
            throw ApiErrors.exhausted("plan", "another one is being made; try again in a moment");
        }
        try {
            return switch (UpgradePlanning.plan(outlook.get(), request)) {
                case UpgradePlanning.Outcome.Refused(var refusals) ->
                        PlanUpgradeResponse.newBuilder()
                                .setRefused(true)
                                .setDocumentJson(PlanDocument.json(PlanDocument.of(refusals)))
                                .build();
                case UpgradePlanning.Outcome.Unsound(var violations) ->
                        throw ApiErrors.internal(
                                "PlanUpgrade", "the plan breaks its own rules: " + violations);
                case UpgradePlanning.Outcome.Planned(var plan, var replaces) ->
                        PlanUpgradeResponse.newBuilder()
                                .setPlanId(
                                        request.getDryRun()
                                                ? ""
                                                : accept(plan, replaces, actor).value())
                                .setDocumentJson(PlanDocument.json(PlanDocument.of(plan)))
                                .build();
            };
        } finally {
            planning.release();
        }
    }

    private PlanId accept(Plan plan, List<PackageRef> replaces, Actor actor) {
        PlanId id = new PlanId("p-%d".formatted(controller.state().plans() + 1));
        var _ =
                submit(
                        new Command.AcceptPlan(
                                id, plan.blueprint(), plan.report().warnings(), actor, replaces));
        return id;
    }

    /** Starts a plan when the cluster is still as the plan takes it. */
    void start(PlanId plan, Actor actor) {
        Outlook now = outlook.get();
        ClusterState state = now.state();
        List<Refusal> refusals =
                state.upgrade(plan)
                        .filter(upgrade -> upgrade.status() == UpgradeStatus.PLANNED)
                        .map(upgrade -> Preflight.check(now, upgrade.blueprint()))
                        .orElse(List.of());
        if (!refusals.isEmpty()) {
            throw ApiErrors.refused(together("plan " + plan, "start", refusals));
        }
        var _ = submit(new Command.StartUpgrade(plan, actor));
    }

    /** Lets an upgrade go on, unless it would install what nobody accepted the terms of. */
    void resume(Actor actor) {
        Outlook now = outlook.get();
        Optional<Upgrade> upgrade = now.state().currentUpgrade();
        List<Refusal> refusals = new ArrayList<>();
        upgrade.filter(u -> !u.status().isOver())
                .ifPresent(u -> Preflight.licences(now, u.blueprint(), refusals));
        if (!refusals.isEmpty()) {
            throw ApiErrors.refused(
                    together("upgrade " + upgrade.orElseThrow().id(), "go on", refusals));
        }
        var _ = submit(new Command.ResumeUpgrade(actor));
    }

    private static Refusal together(String subject, String what, List<Refusal> refusals) {
        String reasons =
                refusals.stream()
                        .limit(MAX_REASONS)
                        .map(Refusal::toString)
                        .collect(Collectors.joining("; "));
        int more = refusals.size() - MAX_REASONS;
        return new Refusal(
                subject,
                "can't %s: %s%s"
                        .formatted(what, reasons, more > 0 ? "; and %d more".formatted(more) : ""));
    }
}
