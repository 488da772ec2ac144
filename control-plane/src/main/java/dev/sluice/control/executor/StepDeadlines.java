package dev.sluice.control.executor;

import dev.sluice.control.model.StepKind;
import java.time.Duration;
import java.util.Optional;

/**
 * How long an attempt may go without succeeding before it counts as failed: silence has a deadline.
 * Soaks, drains, windows, confirmations and clients have rules of their own.
 */
final class StepDeadlines {

    /** How long nothing may be known of a node that drains. */
    static final Duration SILENCE = Duration.ofMinutes(5);

    private StepDeadlines() {}

    static Optional<Duration> of(StepKind kind) {
        return switch (kind) {
            case CLOSE_ADMISSION, OPEN_ADMISSION -> Optional.of(Duration.ofMinutes(1));
            case VERIFY -> Optional.of(Duration.ofMinutes(3));
            case BACKUP, PROMOTE, SWITCH_ADDRESS -> Optional.of(Duration.ofMinutes(5));
            case SYNC, RESYNC, RESTORE_FAILOVER -> Optional.of(Duration.ofMinutes(10));
            case INSTALL -> Optional.of(Duration.ofMinutes(20));
            case DISTRIBUTE -> Optional.of(Duration.ofHours(4));
            case BREAK_FAILOVER, FREEZE, UNFREEZE, FINALISE -> Optional.of(Duration.ofMinutes(1));
            case DRAIN, SOAK, AWAIT_CLIENTS, AWAIT_WINDOW, CONFIRM -> Optional.empty();
        };
    }
}
