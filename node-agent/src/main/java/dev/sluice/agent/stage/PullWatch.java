package dev.sluice.agent.stage;

import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.SourceId;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** What a pull tells while it runs, kept for whoever waits for it and for reports. */
final class PullWatch implements ContentPull.Events {

    /** A source that failed is told for this long: a plan may put it at the end. */
    private static final Duration FAILED_LATELY = Duration.ofSeconds(60);

    private final ReceivedBytes received;
    private final LongConsumer verified;
    private final Runnable changed;
    private final Ticker ticker;
    private final Set<String> nodes = ConcurrentHashMap.newKeySet();
    private volatile long progressAt;
    private volatile ContentPull.Status status = ContentPull.Status.NONE;

    /**
     * @param verified told how many bytes are verified and on disk
     */
    PullWatch(ReceivedBytes received, LongConsumer verified, Runnable changed, Ticker ticker) {
        this.received = received;
        this.verified = verified;
        this.changed = changed;
        this.ticker = ticker;
        this.progressAt = ticker.nanos();
    }

    @Override
    public LongConsumer received(String node) {
        return new FromNode(node);
    }

    /** For one thread, which counts often. */
    private final class FromNode implements LongConsumer {
        private final String node;
        private @Nullable AtomicLong total;

        FromNode(String node) {
            this.node = node;
        }

        @Override
        public void accept(long bytes) {
            AtomicLong counted = total;
            if (counted == null) {
                nodes.add(node);
                counted = received.of(node);
                total = counted;
            }
            counted.addAndGet(bytes);
        }
    }

    @Override
    public void verified(long bytes) {
        progressAt = ticker.nanos();
        verified.accept(bytes);
    }

    @Override
    public void changed(ContentPull.Status now) {
        status = now;
        changed.run();
    }

    long nanosWithoutProgress() {
        return ticker.nanos() - progressAt;
    }

    /** The address of the source that is pulled from; empty: none. */
    String source() {
        return source(0);
    }

    /** The same of the second half; empty: none, or there is but one. */
    String secondHalfSource() {
        return source(1);
    }

    private String source(int span) {
        return status.sources().stream()
                .skip(span)
                .findFirst()
                .flatMap(source -> source)
                .map(SourceId::address)
                .orElse("");
    }

    /** Addresses of sources that failed lately, and who failed how there. */
    SortedMap<String, String> failedSources() {
        SortedMap<String, String> failed = new TreeMap<>();
        long since = ticker.millis() - FAILED_LATELY.toMillis();
        status.failures()
                .forEach((source, failure) -> {
                    if (failure.atMillis() >= since) {
                        failed.put(
                                source.address(),
                                source.node() + ": " + failure.kind() + ": " + failure.detail());
                    }
                });
        return failed;
    }

    String failures() {
        return status.reasons();
    }

    /** The bytes that came are in the ledger afterwards. */
    void persist() throws IOException {
        for (String node : nodes) {
            received.persist(node);
        }
    }
}
