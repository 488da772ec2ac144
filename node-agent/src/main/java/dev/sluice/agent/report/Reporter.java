package dev.sluice.agent.report;

import dev.sluice.v1.NodeReport;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a report each second, and soon when something changed; changes in a burst share one, and so
 * do those that follow: a staging that begins changes one thing after the other, on all nodes at
 * the same time.
 */
public final class Reporter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Reporter.class);
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final Duration BURST = Duration.ofMillis(20);

    /** From one report of a change to the next. */
    private static final Duration APART = Duration.ofMillis(150);

    private final Supplier<NodeReport> reports;
    private final Consumer<NodeReport> receiver;
    private final Semaphore wake = new Semaphore(0);
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().name("reporter").factory());

    public Reporter(Supplier<NodeReport> reports, Consumer<NodeReport> receiver) {
        this.reports = reports;
        this.receiver = receiver;
    }

    public void start() {
        thread.execute(this::run);
    }

    /** Something has changed: report it now. */
    public void changed() {
        wake.release();
    }

    @Override
    public void close() {
        thread.shutdownNow();
        thread.close();
    }

    private void run() {
        long earliest = System.nanoTime();
        try {
            while (true) {
                if (wake.tryAcquire(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
                    long left = earliest - System.nanoTime();
                    Thread.sleep(Duration.ofNanos(Math.max(left, BURST.toNanos())));
                    wake.drainPermits();
                    earliest = System.nanoTime() + APART.toNanos();
                }
                report();
            }
        } catch (InterruptedException _) {
            // Closed.
        }
    }

    private void report() {
        try {
            receiver.accept(reports.get());
        } catch (RuntimeException e) {
            LOG.error("a report could not be made; the next one is tried", e);
        }
    }
}
