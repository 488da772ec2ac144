package dev.sluice.cli.connect;

import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Reads a stream across the loss of a master: connects again, with growing pauses, until the
 * stream's last message or until nothing was heard for too long.
 */
public final class Following {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);

    private final ClusterClient client;
    private final Duration giveUpAfter;
    private final LongSupplier nanos;
    private final Pause pause;
    private boolean everHeard;

    /** Waits between attempts. */
    public interface Pause {
        void take(Duration length) throws InterruptedException;
    }

    /**
     * A reader.
     *
     * @param giveUpAfter the longest time without a message or a connection
     * @param nanos a monotonic clock
     * @param everHeard whether the cluster has answered before; otherwise a first failure is final
     */
    public Following(
            ClusterClient client,
            Duration giveUpAfter,
            LongSupplier nanos,
            Pause pause,
            boolean everHeard) {
        this.client = client;
        this.giveUpAfter = giveUpAfter;
        this.nanos = nanos;
        this.pause = pause;
        this.everHeard = everHeard;
    }

    /**
     * Reads until {@code last} says that a message was the last one.
     *
     * @param open asks for the stream; asked again after each loss
     * @param lost is told why the stream broke
     * @throws CommandFailure when the master refuses, or nothing is heard for too long
     */
    public <T> void untilLast(
            Function<Connection, Iterator<T>> open, Predicate<T> last, Consumer<String> lost) {
        long silentSince = nanos.getAsLong();
        Duration next = FIRST_PAUSE;
        while (true) {
            String reason = "the master ended the stream";
            try {
                Iterator<T> messages = client.call(open);
                while (messages.hasNext()) {
                    T message = messages.next();
                    everHeard = true;
                    silentSince = nanos.getAsLong();
                    next = FIRST_PAUSE;
                    if (last.test(message)) {
                        return;
                    }
                }
            } catch (StatusRuntimeException e) {
                if (!Failures.mayPass(e)) {
                    throw Failures.of(e);
                }
                reason = Failures.rootCause(e);
            } catch (CommandFailure e) {
                if (!everHeard || e.exitCode() != ExitCode.UNREACHABLE) {
                    throw e;
                }
                reason = e.text();
            }
            if (nanos.getAsLong() - silentSince > giveUpAfter.toNanos()) {
                throw gaveUp(reason);
            }
            lost.accept(reason);
            client.close();
            wait(next, reason);
            next = next.multipliedBy(2);
            if (next.compareTo(LONGEST_PAUSE) > 0) {
                next = LONGEST_PAUSE;
            }
        }
    }

    private void wait(Duration length, String reason) {
        try {
            pause.take(length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw gaveUp(reason);
        }
    }

    private CommandFailure gaveUp(String reason) {
        return new CommandFailure(
                ExitCode.UNREACHABLE,
                "nothing was heard for "
                        + giveUpAfter.toSeconds()
                        + " s; the last reason: "
                        + reason,
                Map.of("next", "the upgrade goes on without a watcher; watch again later"));
    }
}
