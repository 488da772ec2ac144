package dev.sluice.control.failover;

import dev.sluice.control.model.NodeId;
import java.util.Comparator;
import java.util.HashSet;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;

/** Time, and messages that are late, lost, doubled and out of order. All of it from one seed. */
final class ModelNetwork {

    static final long MILLI = 1_000_000;

    private record Event(long at, long order, Runnable what) {}

    private record Way(NodeId from, NodeId to) {}

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(
                    Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
    private final Set<Way> cut = new HashSet<>();
    private final SplittableRandom random;
    private double lost;
    private double doubled;
    private double late;
    private long lateMillis = 1;
    private long now;
    private long order;

    ModelNetwork(SplittableRandom random, long startedAt) {
        this.random = random;
        this.now = startedAt;
    }

    long now() {
        return now;
    }

    void disturb(double losing, double doubling, double delaying, long millis) {
        lost = losing;
        doubled = doubling;
        late = delaying;
        lateMillis = millis;
    }

    void cut(NodeId from, NodeId to) {
        cut.add(new Way(from, to));
    }

    void heal() {
        cut.clear();
    }

    /** Whether a session between them is up. */
    boolean joins(NodeId one, NodeId other) {
        return !cut.contains(new Way(one, other)) && !cut.contains(new Way(other, one));
    }

    void send(NodeId from, NodeId to, Runnable delivery) {
        if (cut.contains(new Way(from, to)) || random.nextDouble() < lost) {
            return;
        }
        in(delay(), delivery);
        if (random.nextDouble() < doubled) {
            in(delay(), delivery);
        }
    }

    private long delay() {
        long millis =
                random.nextDouble() < late ? random.nextLong(lateMillis) : random.nextLong(20);
        return millis * MILLI + random.nextLong(MILLI);
    }

    void in(long nanos, Runnable what) {
        events.add(new Event(now + nanos, order++, what));
    }

    /** Lets happen what is due until then. */
    void run(long until) {
        while (!events.isEmpty() && events.element().at() - until <= 0) {
            Event next = events.remove();
            now = next.at();
            next.what().run();
        }
        now = until;
    }
}
