package dev.sluice.control.failover;

import dev.sluice.control.model.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/** The next step from the witnesses that there are to those that there should be. */
final class WitnessChange {

    private WitnessChange() {}

    /**
     * One member exchanged, added or taken away; empty when nothing is to be changed, or can be
     * without losing the majority.
     *
     * @param wanted empty: nothing is wanted
     */
    static Optional<WitnessSet> next(
            WitnessSet now,
            SortedSet<Witness> wanted,
            SortedMap<NodeId, WitnessLink.Presence> present) {
        if (wanted.isEmpty() || wanted.equals(now.members())) {
            return Optional.empty();
        }
        List<Witness> leave =
                now.members().stream().filter(w -> !wanted.contains(w)).limit(1).toList();
        List<Witness> join =
                wanted.stream()
                        .filter(w -> !now.members().contains(w) && isPresent(w, present))
                        .limit(1)
                        .toList();
        TreeSet<Witness> next = new TreeSet<>(now.members());
        leave.forEach(next::remove);
        next.addAll(join);
        if (next.isEmpty() || next.equals(now.members())) {
            return Optional.empty();
        }
        WitnessSet set = new WitnessSet(now.version() + 1, next);
        long reachable = next.stream().filter(w -> isPresent(w, present)).count();
        return reachable >= set.majority() ? Optional.of(set) : Optional.empty();
    }

    private static boolean isPresent(
            Witness witness, SortedMap<NodeId, WitnessLink.Presence> present) {
        WitnessLink.Presence presence = present.get(witness.node());
        return presence != null && presence.store().equals(witness.store());
    }
}
