package dev.sluice.control.executor;

import java.util.List;

/** How a command ended at its agent. */
public sealed interface CommandOutcome {

    record Done(List<String> evidence) implements CommandOutcome {
        public Done {
            evidence = List.copyOf(evidence);
        }
    }

    /**
     * It failed.
     *
     * @param retryable false: the same again cannot help
     */
    record Failed(String reason, boolean retryable) implements CommandOutcome {}
}
