package dev.sluice.control.failover;

import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The promises that a candidate has for one ballot, and the register that follows from them.
 *
 * <p>A register counts unless it is certain that no quorum has accepted it: then it never will,
 * because everybody who could have made it whole has promised a higher ballot.
 */
final class Promises {

    private final SortedMap<Witness, Optional<Register>> replies = new TreeMap<>();

    void add(Witness witness, @Nullable Register register) {
        replies.put(witness, Optional.ofNullable(register));
    }

    Collection<Witness> from() {
        return replies.keySet();
    }

    /** Whether any of them knows a register. */
    boolean anyRegister() {
        return replies.values().stream().anyMatch(Optional::isPresent);
    }

    /**
     * The registers that a primary under this ballot may have to go on from, the highest first.
     * When certainly none was ever accepted, it is the highest that was begun: what a founder left
     * that failed.
     */
    List<Register> possible(@Nullable Register known) {
        NavigableSet<Register> seen = new TreeSet<>();
        if (known != null) {
            seen.add(known);
        }
        replies.values().forEach(register -> register.ifPresent(seen::add));
        List<Register> possible =
                seen.descendingSet().stream().filter(this::mayBeAccepted).toList();
        return possible.isEmpty() ? seen.descendingSet().stream().limit(1).toList() : possible;
    }

    /**
     * Whether enough of its witnesses may have it. While some leave, these decide alone: they may
     * have it instead of the register before, which would then be seen nowhere; and to go on from
     * what nobody accepted is safe.
     */
    private boolean mayBeAccepted(Register register) {
        return judgesHave(register, true);
    }

    /** Whether no reply that is still to come can show that it counts for nothing. */
    boolean isCertain(Register register) {
        return judgesHave(register, false);
    }

    private boolean judgesHave(Register register, boolean thoseWhoAreSilent) {
        WitnessSet judges = register.leaving().orElse(register.witnesses());
        SortedSet<Witness> holders = new TreeSet<>();
        for (Witness witness : judges.members()) {
            Optional<Register> reply = replies.get(witness);
            if (reply == null
                    ? thoseWhoAreSilent
                    : reply.filter(r -> r.compareTo(register) >= 0).isPresent()) {
                holders.add(witness);
            }
        }
        return judges.hasMajority(holders);
    }

    /**
     * The register that a primary under this ballot goes on from; empty while more promises are
     * needed.
     */
    Optional<Register> decisive(@Nullable Register known) {
        return possible(known).stream()
                .limit(1)
                .filter(register -> register.hasQuorum(replies.keySet()))
                .findFirst();
    }
}
