package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A primary's registers: the one that a quorum has accepted, and the one that is being written. */
final class Reign {

    private final SortedSet<Witness> accepted = new TreeSet<>();
    private final Map<Witness, Long> askedAt = new HashMap<>();
    private Register written;
    private @Nullable Register writing;
    private long id;
    private long aliveAt;
    private boolean saidAlive;

    Reign(Register written) {
        this.written = written;
    }

    Ballot ballot() {
        return written.ballot();
    }

    Register written() {
        return written;
    }

    Optional<Register> writing() {
        return Optional.ofNullable(writing);
    }

    /** The request id of the write under way. */
    long id() {
        return id;
    }

    Register next(SortedSet<Replica> inSync, WitnessSet witnesses, Optional<WitnessSet> leaving) {
        return new Register(ballot(), written.sequence() + 1, inSync, witnesses, leaving);
    }

    void begin(Register next, long requestId) {
        writing = next;
        id = requestId;
        accepted.clear();
        askedAt.clear();
    }

    /** Forgets a write that nobody was asked for yet; its sequence is used by the next. */
    void withdraw() {
        writing = null;
    }

    /** A witness has the register that is being written; returns it when a quorum has. */
    Optional<Register> accepted(Witness witness) {
        Register next = writing;
        if (next == null) {
            return Optional.empty();
        }
        accepted.add(witness);
        if (!next.hasQuorum(accepted)) {
            return Optional.empty();
        }
        written = next;
        writing = null;
        return Optional.of(next);
    }

    SortedSet<Witness> everyone() {
        SortedSet<Witness> all = new TreeSet<>(written.everyone());
        writing().ifPresent(next -> all.addAll(next.everyone()));
        return all;
    }

    boolean isAliveDue(long now, long every) {
        if (saidAlive && now - aliveAt < every) {
            return false;
        }
        saidAlive = true;
        aliveAt = now;
        return true;
    }

    /** Whether to ask it now for the register being written; notes that it was. */
    boolean isDue(Witness witness, long now, long every) {
        Long before = askedAt.get(witness);
        if (accepted.contains(witness) || (before != null && now - before < every)) {
            return false;
        }
        askedAt.put(witness, now);
        return true;
    }
}
