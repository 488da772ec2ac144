package dev.sluice.agent.ledger;

import java.util.Comparator;

/**
 * A claim to command this node, totally ordered. The agent obeys only the highest it has persisted.
 *
 * @param generation raised only by a forced promotion; unsigned
 * @param counter raised by every take-over and every restart of a primary; unsigned
 * @param incarnation tells two processes of one master apart; unsigned
 */
public record Ballot(int generation, long counter, String master, long incarnation)
        implements Comparable<Ballot> {

    private static final Comparator<Ballot> ORDER =
            Comparator.comparing(Ballot::generation, Integer::compareUnsigned)
                    .thenComparing(Ballot::counter, Long::compareUnsigned)
                    .thenComparing(Ballot::master)
                    .thenComparing(Ballot::incarnation, Long::compareUnsigned);

    public boolean isBelow(Ballot other) {
        return compareTo(other) < 0;
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
        return "%s.%s.%s.%s"
                .formatted(
                        Integer.toUnsignedString(generation),
                        Long.toUnsignedString(counter),
                        master,
                        Long.toUnsignedString(incarnation, 16));
    }
}
