package dev.sluice.control.api;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import io.grpc.Context;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Waits, for a caller, until this master is in office or says why it will not be. */
final class Ascent {

    /** Nobody waits longer for an answer, whatever deadline the call has. */
    private static final Duration LONGEST = Duration.ofSeconds(60);

    /** What is kept of the caller's time to send the answer. */
    private static final Duration MARGIN = Duration.ofMillis(250);

    /** The election tells nobody when its words change: they are looked at so often. */
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);

    private final NodeId self;
    private final Controller controller;
    private final Masters masters;
    private final LongSupplier ticker;
    private final Semaphore changed = new Semaphore(0);

    Ascent(NodeId self, Controller controller, Masters masters, LongSupplier ticker) {
        this.self = self;
        this.controller = controller;
        this.masters = masters;
        this.ticker = ticker;
        controller.subscribe((_, _) -> wake());
    }

    /** Of several that wait one is woken; the others look soon. */
    private void wake() {
        if (changed.availablePermits() == 0) {
            changed.release();
        }
    }

    /**
     * The ballot under which this master is in office.
     *
     * @param handed the office was given to it: a try that fails is not the last
     */
    Ballot await(boolean handed) {
        long end = ticker.getAsLong() + allowed().toNanos();
        boolean sought = false;
        while (true) {
            Masters.Standing standing = masters.standing();
            Ballot ballot = controller.ballot();
            if (ballot != null) {
                return ballot;
            }
            switch (standing.kind()) {
                case CANDIDATE, PRIMARY -> sought = true;
                case SUPERSEDED -> throw ApiErrors.refused("master " + self, standing.words());
                case FOLLOWER -> {
                    if (sought && !handed) {
                        throw ApiErrors.refused(
                                "master " + self, "did not become primary: " + standing.words());
                    }
                }
            }
            long left = end - ticker.getAsLong();
            if (left <= 0 || !pause(Math.min(left, LOOK_EVERY.toNanos()))) {
                throw ApiErrors.unanswered(
                        "master " + self,
                        "is not primary yet, and may still become it: %s; see with 'sluice masters list'"
                                .formatted(standing.words()));
            }
        }
    }

    private static Duration allowed() {
        @Nullable Deadline deadline = Context.current().getDeadline();
        if (deadline == null) {
            return LONGEST;
        }
        Duration left =
                Duration.ofNanos(deadline.timeRemaining(TimeUnit.NANOSECONDS)).minus(MARGIN);
        return left.compareTo(LONGEST) < 0 ? left : LONGEST;
    }

    /** False: nobody waits for the answer any more. */
    private boolean pause(long nanos) {
        try {
            var _ = changed.tryAcquire(nanos, TimeUnit.NANOSECONDS);
            return !Context.current().isCancelled();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
