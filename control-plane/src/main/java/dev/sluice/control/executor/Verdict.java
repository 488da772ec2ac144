package dev.sluice.control.executor;

import java.util.List;

/** What the observations say of a running step. */
public sealed interface Verdict {

    /** The observed state is right. */
    record Succeeded(List<String> evidence) implements Verdict {
        public Succeeded {
            evidence = List.copyOf(evidence);
        }
    }

    /** It is not right yet; nothing is to be sent. */
    record Waiting(String reason) implements Verdict {}

    /** It is not right yet, and the node is to be told (again). */
    record Tell(AgentCommand.AgentWork work, String reason) implements Verdict {}

    /** A backup is to be taken. */
    record TakeBackup() implements Verdict {}

    /** The office is to be handed over, as the last decision of this primary. */
    record HandOver() implements Verdict {}

    /** The clients that stayed are to be reported to the operator, who decides. */
    record Hold(int clients) implements Verdict {}

    /**
     * This attempt can't succeed any more.
     *
     * @param retryable false: another attempt can't help
     */
    record Failed(String reason, boolean retryable) implements Verdict {}

    static Verdict succeeded(String evidence) {
        return new Succeeded(List.of(evidence));
    }
}
