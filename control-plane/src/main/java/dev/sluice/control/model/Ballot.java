package dev.sluice.control.model;

import java.util.Comparator;

/**
 * A claim to command the nodes, of one incarnation of one master. Totally ordered; an agent obeys
 * only the highest it knows.
 *
 * @param generation raised only by a forced promotion
 * @param counter raised by every take-over and every restart of a primary
 */
public record Ballot(int generation, long counter, NodeId master, long incarnation)
        implements Comparable<Ballot> {

    private static final Comparator<Ballot> ORDER =
            Comparator.comparingInt(Ballot::generation)
                    .thenComparingLong(Ballot::counter)
                    .thenComparing(Ballot::master)
                    .thenComparingLong(Ballot::incarnation);

    public Ballot next(NodeId nextMaster, long nextIncarnation) {
        return new Ballot(generation, counter + 1, nextMaster, nextIncarnation);
    }

    public boolean isAbove(Ballot other) {
        return compareTo(other) > 0;
    }

    @Override
    public int compareTo(Ballot other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return "%d.%d.%s.%x".formatted(generation, counter, master, incarnation);
    }
}
