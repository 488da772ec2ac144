package dev.sluice.control.failover;

import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The nodes whose majority decides who is primary.
 *
 * @param version grows with every change
 */
public record WitnessSet(long version, SortedSet<Witness> members) {

    public WitnessSet {
        members = Collections.unmodifiableSortedSet(new TreeSet<>(members));
        if (members.isEmpty()) {
            throw new IllegalArgumentException("witness set %d: no member".formatted(version));
        }
    }

    public static WitnessSet of(long version, Collection<Witness> members) {
        return new WitnessSet(version, new TreeSet<>(members));
    }

    /** How many make a majority. */
    public int majority() {
        return members.size() / 2 + 1;
    }

    public boolean hasMajority(Collection<Witness> of) {
        return members.stream().filter(of::contains).count() >= majority();
    }
}
