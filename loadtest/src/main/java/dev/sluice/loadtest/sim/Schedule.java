package dev.sluice.loadtest.sim;

import java.util.PriorityQueue;

/**
 * What happens when, in virtual time. What is due at the same instant happens in the order in which
 * it was asked for.
 */
final class Schedule {

    private record Entry(long at, long order, Runnable what) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final PriorityQueue<Entry> entries = new PriorityQueue<>();
    private long now;
    private long order;

    /** Nanoseconds since the history began. */
    long now() {
        return now;
    }

    void after(long nanos, Runnable what) {
        entries.add(new Entry(now + Math.max(0, nanos), ++order, what));
    }

    /** Lets the next thing happen; false: nothing is left. */
    boolean step() {
        Entry next = entries.poll();
        if (next == null) {
            return false;
        }
        now = next.at();
        next.what().run();
        return true;
    }
}
