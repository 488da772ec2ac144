package dev.sluice.control.depot;

import dev.sluice.transfer.pace.Ticker;
import dev.sluice.transfer.pull.ContentPull;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/** What a pull into the depot tells. */
final class FetchWatch implements ContentPull.Events {

    private final Ticker ticker;
    private final Map<String, LongAdder> received = new ConcurrentSkipListMap<>();
    private final long begunAt;
    private volatile long progressAt;

    /** When the last source was lost; meaningless while there is one. */
    private volatile long aloneSince;

    private volatile ContentPull.Status status = ContentPull.Status.NONE;

    FetchWatch(Ticker ticker) {
        this.ticker = ticker;
        this.begunAt = ticker.nanos();
        this.progressAt = begunAt;
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

    /** Whether no source has served for too long, or none anything right, or it takes too long. */
    boolean isHopeless(FetchPatience patience) {
        long now = ticker.nanos();
        return now - begunAt > patience.inAll().toNanos()
                || now - progressAt > patience.withoutProgress().toNanos()
                || (!status.hasSource()
                        && now - Math.max(aloneSince, progressAt)
                                > patience.withoutSource().toNanos());
    }

    /**
     * Such as {@code 1000 bytes from master m-a, 20 bytes from master m-c}.
     *
     * @param kind of those who gave them
     */
    String amounts(String kind) {
        String words =
                received.entrySet().stream()
                        .filter(from -> from.getValue().sum() > 0)
                        .map(from ->
                                "%d bytes from %s %s"
                                        .formatted(from.getValue().sum(), kind, from.getKey()))
                        .collect(Collectors.joining(", "));
        return words.isEmpty() ? "all of it was here" : words;
    }

    /** Why nothing comes. */
    String failures() {
        return status.reasons();
    }
}
