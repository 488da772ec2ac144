package dev.sluice.control.state;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a step that has begun.
 *
 * @param attempts attempts that were started, from 1
 * @param failures attempts that failed since the operator last resumed
 * @param endedAt when it was over; null before
 * @param lastFailure why the last failed attempt failed; null: none did
 * @param heldClients clients that stayed after a drain's deadline and wait for the operator; 0: not
 *     held
 * @param drainDecision what the operator decided about them; null: nothing
 * @param confirmed an operator's word on the node; null: none yet
 */
public record StepRecord(
        StepStatus status,
        int attempts,
        int failures,
        @Nullable Instant startedAt,
        @Nullable Instant endedAt,
        @Nullable String lastFailure,
        int heldClients,
        @Nullable DrainDecision drainDecision,
        @Nullable Boolean confirmed) {

    static final StepRecord PENDING =
            new StepRecord(StepStatus.PENDING, 0, 0, null, null, null, 0, null, null);

    StepRecord started(int attempt, Instant at) {
        Instant first = startedAt == null ? at : startedAt;
        return new StepRecord(
                StepStatus.RUNNING,
                attempt,
                failures,
                first,
                null,
                lastFailure,
                0,
                drainDecision,
                null);
    }

    StepRecord over(StepStatus how, Instant at) {
        return new StepRecord(
                how, attempts, failures, startedAt, at, lastFailure, 0, drainDecision, confirmed);
    }

    StepRecord failed(String reason) {
        return new StepRecord(
                StepStatus.PENDING,
                attempts,
                failures + 1,
                startedAt,
                null,
                reason,
                0,
                drainDecision,
                null);
    }

    StepRecord forgiven() {
        return new StepRecord(
                status,
                attempts,
                0,
                startedAt,
                endedAt,
                lastFailure,
                heldClients,
                drainDecision,
                confirmed);
    }

    StepRecord held(int clients) {
        return new StepRecord(
                status,
                attempts,
                failures,
                startedAt,
                endedAt,
                lastFailure,
                clients,
                null,
                confirmed);
    }

    StepRecord decided(DrainDecision decision) {
        return new StepRecord(
                status,
                attempts,
                failures,
                startedAt,
                endedAt,
                lastFailure,
                0,
                decision,
                confirmed);
    }

    StepRecord confirmed(boolean right) {
        return new StepRecord(
                status,
                attempts,
                failures,
                startedAt,
                endedAt,
                lastFailure,
                heldClients,
                drainDecision,
                right);
    }
}
