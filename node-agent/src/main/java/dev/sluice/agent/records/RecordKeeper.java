package dev.sluice.agent.records;

import dev.sluice.agent.disk.Durable;
import dev.sluice.agent.ledger.FileLedgerStorage;
import dev.sluice.agent.traffic.SessionLog;
import dev.sluice.agent.traffic.TrafficPort;
import dev.sluice.v1.SessionRecordAck;
import dev.sluice.v1.SessionRecordBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads from the site which sessions ended, spools their records and sends them to the masters: one
 * thread, which owns the spool.
 */
public final class RecordKeeper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RecordKeeper.class);

    private static final Duration PAUSE = Duration.ofMillis(500);

    /** Questions to the site in one turn: as many as empty its log, and a few. */
    private static final int MAX_QUESTIONS = 160;

    /** How long a stop of the site may wait for its last entries. */
    private static final Duration LONGEST_LAST_LOOK = Duration.ofSeconds(4);

    /** The masters that have a session now. */
    public interface Masters {
        /** Each with the number of its session, another one for each. */
        Map<String, Long> sessions();

        /** Sends in the session that is up, or nothing. */
        void sendRecords(String master, SessionRecordBatch batch);
    }

    private final Spool spool;
    private final TrafficPort site;
    private final Supplier<Optional<Long>> sitePid;
    private final Masters masters;
    private final RecordSending sending;
    private final InstantSource clock;
    private final LongSupplier nanos;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("session-records").factory());
    private boolean seenAlive;
    private String lastFailure = "";

    /**
     * @param sitePid the site's process as it was seen last
     * @param nanos monotonic
     */
    RecordKeeper(
            String nodeId,
            Spool spool,
            TrafficPort site,
            Supplier<Optional<Long>> sitePid,
            Masters masters,
            InstantSource clock,
            LongSupplier nanos) {
        this.spool = spool;
        this.site = site;
        this.sitePid = sitePid;
        this.masters = masters;
        this.sending = new RecordSending(nodeId);
        this.clock = clock;
        this.nanos = nanos;
    }

    /**
     * Opens the spool in a file.
     *
     * @throws IOException when it cannot be read or written
     */
    public static RecordKeeper open(
            String nodeId,
            Path file,
            TrafficPort site,
            Supplier<Optional<Long>> sitePid,
            Masters masters)
            throws IOException {
        InstantSource clock = InstantSource.system();
        Spool spool =
                Spool.open(
                        new FileLedgerStorage(file),
                        () ->
                                Durable.move(
                                        file,
                                        file.resolveSibling(
                                                "%s.damaged-%d"
                                                        .formatted(
                                                                file.getFileName(),
                                                                clock.millis()))),
                        new SecureRandom());
        return new RecordKeeper(nodeId, spool, site, sitePid, masters, clock, System::nanoTime);
    }

    public void start() {
        var _ =
                thread.scheduleWithFixedDelay(
                        this::turn, 0, PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** A master has records durably. */
    public void acknowledged(String master, SessionRecordAck ack) {
        try {
            thread.execute(() -> {
                sending.acknowledged(spool.state(), master, ack);
                send();
            });
        } catch (RejectedExecutionException _) {
            // The agent stops: the next one sends again.
        }
    }

    /** Reads what the site has now, before its process is stopped; a site that hangs is left. */
    public void lastLook() throws InterruptedException {
        try {
            thread.submit(this::read).get(LONGEST_LAST_LOOK.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException | RejectedExecutionException e) {
            LOG.warn("session records: the site's last ones were not read: {}", e.toString());
        }
    }

    private void turn() {
        try {
            read();
            send();
        } catch (RuntimeException e) {
            LOG.error("session records: a defect of the agent; it goes on", e);
        }
    }

    private void read() {
        boolean alive = sitePid.get().isPresent();
        try {
            if (!alive && seenAlive && !spool.state().open().isEmpty()) {
                spool.append(List.of(new SpoolFact.SiteEnded(clock.millis())));
            }
            seenAlive = alive;
            if (alive) {
                readLog();
            }
            lastFailure = "";
        } catch (IOException e) {
            told(e);
        }
    }

    private void readLog() throws IOException {
        for (int question = 0; question < MAX_QUESTIONS; question++) {
            SpoolState known = spool.state();
            SessionLog log;
            try {
                log = site.log(known.run(), known.next());
            } catch (IOException e) {
                // A site that starts, hangs or is of an older release: its state is reported
                // elsewhere.
                LOG.debug("session records: {}", e.getMessage());
                return;
            }
            spool.append(known.factsOf(log, clock.millis()));
            if (!log.more()) {
                return;
            }
        }
    }

    private void send() {
        SpoolState known = spool.state();
        try {
            long releasable = sending.releasable(known);
            if (releasable >= known.oldest() && !known.records().isEmpty()) {
                spool.append(List.of(new SpoolFact.Released(releasable)));
            }
        } catch (IOException e) {
            told(e);
        }
        for (RecordSending.Send send :
                sending.next(spool.state(), masters.sessions(), nanos.getAsLong())) {
            masters.sendRecords(send.master(), send.batch());
        }
    }

    /** Once for each new reason, as a disk may stay full for days. */
    private void told(IOException failure) {
        String why = String.valueOf(failure.getMessage());
        if (!why.equals(lastFailure)) {
            LOG.error("session records: the spool cannot be written: {}", why);
        }
        lastFailure = why;
    }

    /** Not by an interrupt, which would close the spool's file within a write. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(LONGEST_LAST_LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException _) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
