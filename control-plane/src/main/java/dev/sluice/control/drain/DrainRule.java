package dev.sluice.control.drain;

import dev.sluice.control.model.Policy;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.StepRecord;
import java.time.Duration;

/** Decides how a drain goes on, from the clients still connected and the time it has taken. */
public final class DrainRule {

    private DrainRule() {}

    /** What is to be done about a draining node. */
    public sealed interface Verdict {

        record Drained() implements Verdict {}

        record Waiting(int clients, Duration left) implements Verdict {}

        /** The deadline passed: ask the operator. */
        record Hold(int clients) implements Verdict {}

        /** Held already; the operator has not decided. */
        record Held(int clients) implements Verdict {}

        /** End the remaining sessions. */
        record Cut(int clients) implements Verdict {}
    }

    /**
     * Decides.
     *
     * @param clients connected clients, by a report made after admission was closed
     * @param waited how long the drain has run; after a decision to extend, since then
     */
    public static Verdict decide(
            int clients, Duration waited, Policy.DrainPolicy policy, StepRecord record) {
        if (clients == 0) {
            return new Verdict.Drained();
        }
        if (record.drainDecision() == DrainDecision.CUT) {
            return new Verdict.Cut(clients);
        }
        Duration left = policy.deadline().minus(waited);
        if (!left.isNegative() && !left.isZero()) {
            return record.heldClients() > 0
                    ? new Verdict.Held(clients)
                    : new Verdict.Waiting(clients, left);
        }
        return switch (policy.onDeadline()) {
            case WAIT -> new Verdict.Waiting(clients, Duration.ZERO);
            case CUT -> new Verdict.Cut(clients);
            case HOLD ->
                    record.heldClients() > 0
                            ? new Verdict.Held(clients)
                            : new Verdict.Hold(clients);
        };
    }
}
