package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What must hold in every history, seen from outside: it hears of each use of a ballot, each
 * office, each commit and each acceptance, and compares ballots, not times.
 */
final class ElectionChecks {

    /** The only rule that is not about safety. */
    static final String RECOVERY = "all is well in the end";

    /** A rule that was broken. */
    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final String rule;

        Violation(String rule, String found) {
            super(rule + ": " + found);
            this.rule = rule;
        }

        String rule() {
            return rule;
        }

        boolean isOfSafety() {
            return !rule.equals(RECOVERY);
        }
    }

    private record Office(Replica replica, long process, List<ModelEntry> journal) {}

    private record Committed(ModelEntry entry, Ballot by) {}

    private final Map<Ballot, String> users = new HashMap<>();
    private final SortedMap<Ballot, Office> offices = new TreeMap<>();
    private final SortedMap<Integer, Committed> committed = new TreeMap<>();
    private final SortedMap<Register, Register> proposed = new TreeMap<>();
    private final SortedMap<Register, SortedSet<Witness>> accepted = new TreeMap<>();
    private @Nullable Register chosen;

    /** A process speaks to a witness under a ballot. */
    void uses(NodeId master, long process, WitnessRequest request) {
        if (request instanceof WitnessRequest.PreVote) {
            return;
        }
        String user = "process %d of %s".formatted(process, master);
        String before = users.putIfAbsent(request.ballot(), user);
        if (before != null && !before.equals(user)) {
            throw new Violation(
                    "a ballot is of one process",
                    "%s by %s and %s".formatted(request.ballot(), before, user));
        }
        if (request instanceof WitnessRequest.Accept(Register register)) {
            Register known = proposed.putIfAbsent(register, register);
            if (known != null && !known.equals(register)) {
                throw new Violation(
                        "a register is written once", "%s and %s".formatted(known, register));
            }
        }
    }

    void tookOffice(Replica replica, long process, Register register, List<ModelEntry> journal) {
        Ballot ballot = register.ballot();
        Office before =
                offices.putIfAbsent(ballot, new Office(replica, process, List.copyOf(journal)));
        if (before != null) {
            throw new Violation(
                    "a ballot has one primary",
                    "%s: %s/%d and %s/%d"
                            .formatted(
                                    ballot, before.replica(), before.process(), replica, process));
        }
        committed.forEach((index, entry) -> requireIn(ballot, journal, index, entry));
        requireInSync(ballot, replica);
    }

    void commits(Ballot by, int index, ModelEntry entry) {
        Committed before = committed.get(index);
        if (before != null && !before.entry().equals(entry)) {
            throw new Violation(
                    "an index is committed once",
                    "%d: %s by %s, %s by %s"
                            .formatted(index, before.entry(), before.by(), entry, by));
        }
        if (before == null || before.by().isAbove(by)) {
            Committed now = new Committed(entry, by);
            committed.put(index, now);
            offices.tailMap(by)
                    .forEach((ballot, office) -> requireIn(ballot, office.journal(), index, now));
        }
    }

    private static void requireIn(
            Ballot ballot, List<ModelEntry> journal, int index, Committed entry) {
        boolean has = index < journal.size() && journal.get(index).equals(entry.entry());
        if (ballot.isAbove(entry.by()) && !has) {
            throw new Violation(
                    "a primary has what was committed",
                    "%s took office without entry %d, %s, committed by %s"
                            .formatted(ballot, index, entry.entry(), entry.by()));
        }
    }

    /** A witness has made a register durable. */
    void accepts(Witness witness, Register register) {
        SortedSet<Witness> holders = accepted.computeIfAbsent(register, _ -> new TreeSet<>());
        boolean before = register.hasQuorum(holders);
        holders.add(witness);
        if (before || !register.hasQuorum(holders)) {
            return;
        }
        if (chosen == null || register.compareTo(chosen) > 0) {
            chosen = register;
        }
        offices.tailMap(register.ballot())
                .forEach((ballot, office) -> requireInSync(ballot, office.replica()));
    }

    /**
     * By the latest register that a quorum accepted, at whatever time, under a lower ballot; or by
     * one that was written after it, for which commits waited as well.
     */
    private void requireInSync(Ballot ballot, Replica replica) {
        Register latest = null;
        for (var register : accepted.entrySet()) {
            if (ballot.isAbove(register.getKey().ballot())
                    && register.getKey().hasQuorum(register.getValue())) {
                latest = register.getKey();
            }
        }
        if (latest != null
                && proposed.tailMap(latest).keySet().stream()
                        .filter(register -> ballot.isAbove(register.ballot()))
                        .noneMatch(register -> register.inSync().contains(replica))) {
            throw new Violation(
                    "a primary was in sync",
                    "%s of %s took office, but a quorum accepted %s"
                            .formatted(ballot, replica, latest));
        }
    }

    /** The highest register that a quorum accepted at some time. */
    Optional<Register> chosen() {
        return Optional.ofNullable(chosen);
    }

    /** The registers that a candidate may still have to go on from. */
    SortedSet<Register> open() {
        return new TreeSet<>(
                chosen == null ? proposed.keySet() : proposed.tailMap(chosen).keySet());
    }

    int offices() {
        return offices.size();
    }

    int commits() {
        return committed.size();
    }
}
