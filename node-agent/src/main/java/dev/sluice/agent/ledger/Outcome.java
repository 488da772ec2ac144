package dev.sluice.agent.ledger;

import java.util.List;

/** How a command ended. */
public sealed interface Outcome {

    /**
     * The desired state was observed.
     *
     * @param evidence what was observed, one line a check
     */
    record Done(List<String> evidence) implements Outcome {
        public Done {
            evidence = List.copyOf(evidence);
        }

        public Done(String... evidence) {
            this(List.of(evidence));
        }
    }

    /**
     * The desired state was not reached.
     *
     * @param reason names subject, expected, found, and what to do
     * @param retryable false when doing the same again cannot help
     */
    record Failed(String reason, boolean retryable) implements Outcome {}

    static Failed refused(String reason) {
        return new Failed(reason, false);
    }

    static Failed retryable(String reason) {
        return new Failed(reason, true);
    }
}
