package dev.sluice.control.peer;

import dev.sluice.control.model.NodeId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many session records were merged with each other master, and when it was complete last. */
public final class RecordExchanges {

    private static final Logger LOG = LoggerFactory.getLogger(RecordExchanges.class);

    private final InstantSource clock;
    private final SortedMap<NodeId, Counts> counts = new TreeMap<>();

    private static final class Counts {
        private long taken;
        private long given;

        /** What came and went since the two were apart, until it is told; negative: it was. */
        private long takenUntold;

        private long givenUntold;
        private @Nullable Instant complete;
    }

    public RecordExchanges(Collection<NodeId> masters, InstantSource clock) {
        this.clock = clock;
        masters.forEach(master -> counts.put(master, new Counts()));
    }

    /**
     * What happened between this master and another one since the process started.
     *
     * @param taken records that came from there
     * @param given records that went there
     * @param lastComplete when this master last had all that the other one had
     */
    public record Exchange(long taken, long given, Optional<Instant> lastComplete) {}

    public synchronized SortedMap<NodeId, Exchange> all() {
        SortedMap<NodeId, Exchange> all = new TreeMap<>();
        counts.forEach((master, c) ->
                all.put(master, new Exchange(c.taken, c.given, Optional.ofNullable(c.complete))));
        return all;
    }

    /** A master did not answer: what comes and goes when it does again is told once. */
    synchronized void apart(NodeId master) {
        Counts of = counts.computeIfAbsent(master, _ -> new Counts());
        of.takenUntold = Math.max(0, of.takenUntold);
        of.givenUntold = Math.max(0, of.givenUntold);
    }

    /** Records from a master are durable here. */
    synchronized void took(NodeId master, long records, boolean complete) {
        Counts of = counts.computeIfAbsent(master, _ -> new Counts());
        of.taken += records;
        of.takenUntold += of.takenUntold < 0 ? 0 : records;
        if (complete) {
            of.complete = clock.instant();
            if (of.takenUntold > 0) {
                LOG.info("{} session records merged from master {}", of.takenUntold, master);
            }
            of.takenUntold = -1;
        }
    }

    synchronized void gave(NodeId master, long records, boolean complete) {
        Counts of = counts.computeIfAbsent(master, _ -> new Counts());
        of.given += records;
        of.givenUntold += of.givenUntold < 0 ? 0 : records;
        if (complete) {
            if (of.givenUntold > 0) {
                LOG.info("{} session records given to master {}", of.givenUntold, master);
            }
            of.givenUntold = -1;
        }
    }
}
