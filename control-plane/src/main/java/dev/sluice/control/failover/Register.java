package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a majority of witnesses agrees on: who is primary, which journals have every committed
 * entry, and who the witnesses are. Ordered by ballot, then sequence.
 *
 * @param sequence counts what the primary of this ballot wrote, from 0
 * @param leaving the set before, while one member is exchanged: majorities of both are needed
 */
public record Register(
        Ballot ballot,
        long sequence,
        SortedSet<Replica> inSync,
        WitnessSet witnesses,
        Optional<WitnessSet> leaving)
        implements Comparable<Register> {

    private static final Comparator<Register> ORDER =
            Comparator.comparing(Register::ballot).thenComparingLong(Register::sequence);

    public Register {
        inSync = Collections.unmodifiableSortedSet(new TreeSet<>(inSync));
        if (inSync.isEmpty()) {
            throw new IllegalArgumentException("register of %s: nobody in sync".formatted(ballot));
        }
    }

    public NodeId primary() {
        return ballot.master();
    }

    /** Everybody who is asked: the witnesses, and those that leave. */
    public SortedSet<Witness> everyone() {
        SortedSet<Witness> all = new TreeSet<>(witnesses.members());
        leaving.ifPresent(set -> all.addAll(set.members()));
        return all;
    }

    /**
     * Whether these decide: a majority of the witnesses, and of the set before if it is leaving.
     */
    public boolean hasQuorum(Collection<Witness> of) {
        return witnesses.hasMajority(of) && (leaving.isEmpty() || leaving.get().hasMajority(of));
    }

    @Override
    public int compareTo(Register other) {
        return ORDER.compare(this, other);
    }
}
