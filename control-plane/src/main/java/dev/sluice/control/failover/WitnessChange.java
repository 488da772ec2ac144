package dev.sluice.control.failover;

import dev.sluice.control.model.NodeId;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/** The next step from the witnesses that there are to those that there should be. */
final class WitnessChange {

    private WitnessChange() {}

    /**
     * One member exchanged, added or taken away; empty when nothing is to be changed, or can be
     * without losing the majority. Who is not here leaves first. Nobody leaves without somebody who
     * joins, unless there are to be fewer.
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
        Optional<Witness> leaves =
                now.members().stream()
                        .filter(witness -> !wanted.contains(witness))
                        .min(Comparator.comparing(witness -> isPresent(witness, present)));
        Optional<Witness> joins =
                wanted.stream()
                        .filter(witness -> !now.members().contains(witness))
                        .filter(witness -> isPresent(witness, present))
                        .findFirst();
        int size = now.members().size();
        boolean grows = joins.isPresent() && size < wanted.size();
        boolean shrinks = joins.isEmpty() && size > wanted.size();
        boolean exchanges = joins.isPresent() && !grows;
        TreeSet<Witness> next = new TreeSet<>(now.members());
        joins.ifPresent(next::add);
        if (shrinks || exchanges) {
            leaves.ifPresent(next::remove);
        }
        if (next.equals(now.members())) {
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
