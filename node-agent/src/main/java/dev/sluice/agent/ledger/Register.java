package dev.sluice.agent.ledger;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a majority of witnesses agrees on: who is primary, which journals have every committed
 * entry, and who the witnesses are. This node keeps it and does not act upon it. Ordered by ballot,
 * then sequence; members are kept in order, so that equal registers are equal values.
 *
 * @param sequence counts what the primary of this ballot wrote, from 0
 * @param inSync masters, each with its journal
 * @param leaving the set before, while one witness is exchanged
 */
public record Register(
        Ballot ballot,
        long sequence,
        List<Member> inSync,
        WitnessSet witnesses,
        Optional<WitnessSet> leaving) {

    private static final Comparator<Register> AGE =
            Comparator.comparing(Register::ballot).thenComparingLong(Register::sequence);

    public Register {
        inSync = inSync.stream().sorted().toList();
    }

    /** Whether another one was written later than this one. */
    public boolean isOlderThan(Register other) {
        return AGE.compare(this, other) < 0;
    }

    /** A node's name together with the name of the durable memory that it speaks from. */
    public record Member(String id, String store) implements Comparable<Member> {

        private static final Comparator<Member> ORDER =
                Comparator.comparing(Member::id).thenComparing(Member::store);

        @Override
        public int compareTo(Member other) {
            return ORDER.compare(this, other);
        }
    }

    /**
     * The nodes whose majority decides who is primary.
     *
     * @param version grows with every change
     */
    public record WitnessSet(long version, List<Member> members) {
        public WitnessSet {
            members = members.stream().sorted().toList();
        }
    }
}
