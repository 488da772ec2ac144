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

/** Sends a report each second, and at once when something changed; changes in a burst share one. */
public final class Reporter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Reporter.class);
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final Duration BURST = Duration.ofMillis(20);

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
        try {
            while (true) {
                if (wake.tryAcquire(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
                    Thread.sleep(BURST);
                    wake.drainPermits();
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
