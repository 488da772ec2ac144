package dev.sluice.control.depot;

import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.pull.ContentPull;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/** What a pull into the depot tells. */
final class FetchWatch implements ContentPull.Events {

    private final Ticker ticker;
    private final Map<String, LongAdder> received = new ConcurrentSkipListMap<>();
    private volatile long progressAt;

    /** When the last source was lost; meaningless while there is one. */
    private volatile long aloneSince;

    private volatile ContentPull.Status status = ContentPull.Status.NONE;

    FetchWatch(Ticker ticker) {
        this.ticker = ticker;
        this.progressAt = ticker.nanos();
        this.aloneSince = progressAt;
    }

    @Override
    public LongConsumer received(String node) {
        LongAdder counted = received.computeIfAbsent(node, _ -> new LongAdder());
        return counted::add;
    }

    @Override
    public void verified(long bytes) {
        progressAt = ticker.nanos();
    }

    @Override
    public void changed(ContentPull.Status now) {
        if (status.hasSource() && !now.hasSource()) {
            aloneSince = ticker.nanos();
        }
        status = now;
    }

    /** Whether no source has served for so long, or none anything right. */
    boolean isHopeless(Duration withoutSource, Duration withoutProgress) {
        long now = ticker.nanos();
        return now - progressAt > withoutProgress.toNanos()
                || (!status.hasSource()
                        && now - Math.max(aloneSince, progressAt) > withoutSource.toNanos());
    }

    /**
     * Such as {@code 1000 bytes from master m-a, 20 bytes from master m-c}.
     *
     * @param kind of those who gave them
     */
    String amounts(String kind) {
        return received.isEmpty()
                ? "all of it was here"
                : received.entrySet().stream()
                        .map(from ->
                                "%d bytes from %s %s"
                                        .formatted(from.getValue().sum(), kind, from.getKey()))
                        .collect(Collectors.joining(", "));
    }

    /** Why nothing comes. */
    String failures() {
        return status.reasons();
    }
}
