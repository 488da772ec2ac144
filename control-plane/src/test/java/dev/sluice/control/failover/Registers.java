package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.Arrays;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Registers and what they are made of, in the words of a test. */
final class Registers {

    static final NodeId A = new NodeId("m-a");
    static final NodeId B = new NodeId("m-b");
    static final NodeId C = new NodeId("m-c");

    private Registers() {}

    /** Of a master's only process. */
    static Ballot ballot(int counter, NodeId master) {
        return new Ballot(0, counter, master, 7);
    }

    /** With the first journal that it had. */
    static Replica replica(NodeId master) {
        return new Replica(master, new StoreId("j1"));
    }

    static SortedSet<Replica> inSync(NodeId... masters) {
        return Arrays.stream(masters)
                .map(Registers::replica)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** {@code "1"} is node n-1 with its first ledger, {@code "1/b"} with another one. */
    static Witness witness(String named) {
        String[] parts = named.split("/", -1);
        return new Witness(
                new NodeId("n-" + parts[0]), new StoreId(parts.length == 1 ? "a" : parts[1]));
    }

    static SortedSet<Witness> witnesses(String named) {
        return Arrays.stream(named.split(" ", -1))
                .map(Registers::witness)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    static WitnessSet set(int version, String named) {
        return new WitnessSet(version, witnesses(named));
    }

    static Register register(
            Ballot ballot, long sequence, SortedSet<Replica> inSync, WitnessSet set) {
        return new Register(ballot, sequence, inSync, set, Optional.empty());
    }

    static Register joint(
            Ballot ballot,
            long sequence,
            SortedSet<Replica> inSync,
            WitnessSet set,
            WitnessSet leaving) {
        return new Register(ballot, sequence, inSync, set, Optional.of(leaving));
    }
}
