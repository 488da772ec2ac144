package dev.sluice.control.failover;

import java.util.ArrayList;
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

    /** The registers that may have been accepted by a quorum, the highest first. */
    List<Register> possible(@Nullable Register known) {
        NavigableSet<Register> seen = new TreeSet<>();
        if (known != null) {
            seen.add(known);
        }
        replies.values().forEach(register -> register.ifPresent(seen::add));
        List<Register> possible = new ArrayList<>();
        for (Register register : seen.descendingSet()) {
            if (mayBeAccepted(register)) {
                possible.add(register);
            }
        }
        return possible;
    }

    private boolean mayBeAccepted(Register register) {
        SortedSet<Witness> holders = new TreeSet<>();
        for (Witness witness : register.everyone()) {
            Optional<Register> reply = replies.get(witness);
            if (reply == null || reply.filter(r -> r.compareTo(register) >= 0).isPresent()) {
                holders.add(witness);
            }
        }
        return register.hasQuorum(holders);
    }

    /**
     * The register that a primary under this ballot goes on from; empty while more promises are
     * needed.
     */
    Optional<Register> decisive(@Nullable Register known) {
        List<Register> possible = possible(known);
        return possible.isEmpty() || !possible.getFirst().hasQuorum(replies.keySet())
                ? Optional.empty()
                : Optional.of(possible.getFirst());
    }
}
