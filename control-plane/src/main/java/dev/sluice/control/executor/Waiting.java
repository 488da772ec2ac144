package dev.sluice.control.executor;

import dev.sluice.control.model.StepId;
import dev.sluice.control.model.StepKind;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is being done or waited for, and why; for people.
 *
 * @param since when the step began; null: it has not
 */
public record Waiting(
        StepId step,
        StepKind kind,
        String subject,
        String reason,
        int attempt,
        @Nullable Instant since) {}
