package dev.sluice.control.peer;

import dev.sluice.control.codec.RecordWire;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.records.Holdings;
import dev.sluice.control.records.RecordRun;
import dev.sluice.control.recordstore.RecordStore;
import dev.sluice.v1.PullResponse;
import dev.sluice.v1.SessionRecordServiceGrpc;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks every other master for the session records that this one lacks, a virtual thread for each:
 * at once, and then at a steady pace for as long as the process runs. Nothing here depends on who
 * is primary, nor on journals.
 */
public final class RecordPuller implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RecordPuller.class);

    /** Between rounds with a master that answers, and with one that does not. */
    public record Pace(Duration steady, Duration afterFailure) {
        public static final Pace DEFAULT = new Pace(Duration.ofSeconds(5), Duration.ofSeconds(1));
    }

    /** Ranges of sequences in one question, which keeps it below 2 MiB. */
    private static final int MAX_RANGES = 20_000;

    /** Questions of one round: 5,000 records each, so that 10 million are had after it. */
    private static final int MAX_QUESTIONS = 2_000;

    private static final long LONGEST_ANSWER_SECONDS = 20;
    private static final long LONGEST_STORING_SECONDS = 20;

    private final RecordStore store;
    private final RecordExchanges exchanges;
    private final Pace pace;
    private final Map<NodeId, Semaphore> wakes;
    private final ExecutorService threads =
            Executors.newThreadPerTaskExecutor(
                    Thread.ofVirtual().name("record-puller-", 0).factory());

    /**
     * Starts to ask.
     *
     * @param channels to the other masters, which prove the key of the relation
     */
    public RecordPuller(
            RecordStore store,
            RecordExchanges exchanges,
            Map<NodeId, ManagedChannel> channels,
            Pace pace) {
        this.store = store;
        this.exchanges = exchanges;
        this.pace = pace;
        Map<NodeId, Semaphore> made = new TreeMap<>();
        channels.keySet().forEach(master -> made.put(master, new Semaphore(0)));
        this.wakes = Collections.unmodifiableMap(made);
        channels.forEach((master, channel) -> threads.execute(() -> run(master, channel)));
    }

    /** Asks all of them now. */
    public void wake() {
        wakes.values().forEach(Semaphore::release);
    }

    private void run(NodeId master, ManagedChannel channel) {
        String told = "";
        Semaphore wake = wakes.get(master);
        if (wake == null) {
            throw new IllegalStateException("no master " + master);
        }
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Duration pause = pace.steady();
                try {
                    round(master, channel);
                    told = "";
                } catch (StatusRuntimeException | ExecutionException | TimeoutException e) {
                    pause = pace.afterFailure();
                    exchanges.apart(master);
                    String why = words(e);
                    if (!why.equals(told)) {
                        LOG.info("Session records of master {}: {}", master, why);
                    }
                    told = why;
                    channel.resetConnectBackoff();
                } catch (RuntimeException e) {
                    LOG.error("Session records of master {}: it is tried again", master, e);
                }
                if (wake.tryAcquire(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                    var _ = wake.drainPermits();
                }
            }
        } catch (InterruptedException _) {
            // Closed.
        }
    }

    private static String words(Exception failure) {
        if (failure instanceof StatusRuntimeException e) {
            return e.getStatus().getCode() == Status.Code.UNIMPLEMENTED
                    ? "it is of a release that keeps none"
                    : "%s %s".formatted(e.getStatus().getCode(), e.getStatus().getDescription());
        }
        Throwable cause = failure.getCause();
        return String.valueOf(cause == null ? "storing took too long" : cause.getMessage());
    }

    /** Asks until the other has nothing more that is lacking here. */
    private void round(NodeId master, Channel channel)
            throws InterruptedException, ExecutionException, TimeoutException {
        String unavailable = store.status().unavailable();
        if (!unavailable.isEmpty()) {
            throw Status.FAILED_PRECONDITION
                    .withDescription("this master stores none now: " + unavailable)
                    .asRuntimeException();
        }
        int questions = 0;
        for (Holdings.Page page : store.seen().pages(MAX_RANGES)) {
            long before = 0;
            do {
                if (questions++ == MAX_QUESTIONS) {
                    exchanges.took(master, 0, false);
                    return;
                }
                PullResponse response = ask(channel, page, before);
                long fresh = store(response);
                before = Math.max(0, response.getNextBeforeEntry());
                exchanges.took(master, fresh, false);
            } while (before > 0);
        }
        exchanges.took(master, 0, true);
    }

    private static PullResponse ask(Channel channel, Holdings.Page page, long before) {
        return SessionRecordServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(LONGEST_ANSWER_SECONDS, TimeUnit.SECONDS)
                .pull(RecordWire.encode(page, before));
    }

    private long store(PullResponse response)
            throws InterruptedException, ExecutionException, TimeoutException {
        List<RecordRun> runs = new ArrayList<>();
        try {
            response.getRunsList().forEach(run -> runs.add(RecordWire.decode(run)));
        } catch (IllegalArgumentException e) {
            throw Status.DATA_LOSS
                    .withDescription("its answer is none: " + e.getMessage())
                    .asRuntimeException();
        }
        return runs.isEmpty()
                ? 0
                : store.store(runs).get(LONGEST_STORING_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        threads.close();
    }
}
