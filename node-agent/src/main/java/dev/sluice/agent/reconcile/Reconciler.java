package dev.sluice.agent.reconcile;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares what the node shall be with what it is, and names the next actions. Pure. */
public final class Reconciler {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private Reconciler() {}

    /**
     * What shall be.
     *
     * @param serviceWanted false while the service is being replaced, and before anything is
     *     installed
     * @param admission absent when nobody ever said
     */
    public record Desired(boolean serviceWanted, Optional<Boolean> admission) {}

    /**
     * What is.
     *
     * @param serviceAlive whether the process runs
     * @param accepting absent when the service does not answer, and on masters
     * @param failedStarts how many starts in a row did not last
     * @param sinceLastStart how long ago the last start was
     */
    public record Observed(
            boolean serviceAlive,
            Optional<Boolean> accepting,
            int failedStarts,
            Duration sinceLastStart) {}

    /** What to do next. */
    public sealed interface Action {
        record StartService() implements Action {}

        record SetAdmission(boolean accepting) implements Action {}
    }

    public static List<Action> next(Desired desired, Observed observed) {
        List<Action> actions = new ArrayList<>();
        if (desired.serviceWanted()
                && !observed.serviceAlive()
                && observed.sinceLastStart().compareTo(pause(observed.failedStarts())) >= 0) {
            actions.add(new Action.StartService());
        }
        if (observed.accepting().isPresent()
                && desired.admission().isPresent()
                && !desired.admission().equals(observed.accepting())) {
            actions.add(new Action.SetAdmission(desired.admission().get()));
        }
        return List.copyOf(actions);
    }

    /**
     * How long after a start the next may be: a service that lasted is started again at once, one
     * that keeps ending less and less often.
     */
    static Duration pause(int failedStarts) {
        if (failedStarts == 0) {
            return Duration.ZERO;
        }
        int doublings = Math.min(failedStarts - 1, 10);
        Duration pause = FIRST_PAUSE.multipliedBy(1L << doublings);
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }
}
