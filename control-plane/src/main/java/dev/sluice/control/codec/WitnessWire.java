package dev.sluice.control.codec;

import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessReply;
import dev.sluice.control.failover.WitnessRequest;
import dev.sluice.control.failover.WitnessSet;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.v1.Accept;
import dev.sluice.v1.PreVote;
import dev.sluice.v1.Prepare;
import dev.sluice.v1.PrimaryAlive;
import dev.sluice.v1.WitnessMember;
import dev.sluice.v1.WitnessRegister;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Registers, requests and replies of witnesses as messages. What is read is foreign input: whatever
 * is out of bounds is an {@link IllegalArgumentException} that says what. Fields of later releases
 * are skipped.
 */
public final class WitnessWire {

    /** The most members that any set of a register may have, as at the witness itself. */
    public static final int MAX_MEMBERS = 16;

    private WitnessWire() {}

    public static dev.sluice.v1.Ballot encode(Ballot ballot) {
        return ValueMapping.encode(ballot);
    }

    /** A ballot that some master could have; its absence is as wrong as a number below 0. */
    public static Ballot decode(dev.sluice.v1.Ballot wire) {
        if (wire.getGeneration() < 0 || wire.getCounter() < 0) {
            throw new IllegalArgumentException(
                    "ballot generation %s, counter %s: expected less than 2^31 and 2^63"
                            .formatted(
                                    Integer.toUnsignedString(wire.getGeneration()),
                                    Long.toUnsignedString(wire.getCounter())));
        }
        try {
            return new Ballot(
                    wire.getGeneration(),
                    wire.getCounter(),
                    new NodeId(wire.getMasterId()),
                    wire.getIncarnation());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("ballot: " + e.getMessage(), e);
        }
    }

    public static WitnessRegister encode(Register register) {
        WitnessRegister.Builder wire =
                WitnessRegister.newBuilder()
                        .setBallot(encode(register.ballot()))
                        .setSequence(register.sequence())
                        .setWitnesses(encode(register.witnesses()));
        for (Replica replica : register.inSync()) {
            wire.addInSync(
                    dev.sluice.v1.Replica.newBuilder()
                            .setMasterId(replica.master().value())
                            .setStoreId(replica.store().value()));
        }
        register.leaving().ifPresent(set -> wire.setLeaving(encode(set)));
        return wire.build();
    }

    public static Register decode(WitnessRegister wire) {
        return new Register(
                decode(wire.getBallot()),
                notNegative("register sequence", wire.getSequence()),
                distinct("in_sync", wire.getInSyncList(), WitnessWire::replica),
                decode(wire.getWitnesses()),
                wire.hasLeaving() ? Optional.of(decode(wire.getLeaving())) : Optional.empty());
    }

    private static dev.sluice.v1.WitnessSet encode(WitnessSet set) {
        dev.sluice.v1.WitnessSet.Builder wire =
                dev.sluice.v1.WitnessSet.newBuilder().setVersion(set.version());
        for (Witness witness : set.members()) {
            wire.addMembers(
                    WitnessMember.newBuilder()
                            .setNodeId(witness.node().value())
                            .setStoreId(witness.store().value()));
        }
        return wire.build();
    }

    private static WitnessSet decode(dev.sluice.v1.WitnessSet wire) {
        return new WitnessSet(
                notNegative("witness set version", wire.getVersion()),
                distinct("witness set", wire.getMembersList(), WitnessWire::witness));
    }

    private static Replica replica(dev.sluice.v1.Replica wire) {
        return new Replica(new NodeId(wire.getMasterId()), new StoreId(wire.getStoreId()));
    }

    private static Witness witness(WitnessMember wire) {
        return new Witness(new NodeId(wire.getNodeId()), new StoreId(wire.getStoreId()));
    }

    private static <W, T extends Comparable<T>> SortedSet<T> distinct(
            String field, List<W> wire, Function<W, T> read) {
        if (wire.size() > MAX_MEMBERS) {
            throw new IllegalArgumentException(
                    "%s has %d members, at most %d expected"
                            .formatted(field, wire.size(), MAX_MEMBERS));
        }
        SortedSet<T> members = new TreeSet<>();
        for (W member : wire) {
            T value = read.apply(member);
            if (!members.add(value)) {
                throw new IllegalArgumentException("%s lists %s twice".formatted(field, value));
            }
        }
        return members;
    }

    private static long notNegative(String field, long unsigned) {
        if (unsigned < 0) {
            throw new IllegalArgumentException(
                    "%s %s: expected less than 2^63"
                            .formatted(field, Long.toUnsignedString(unsigned)));
        }
        return unsigned;
    }

    public static dev.sluice.v1.WitnessRequest encode(long requestId, WitnessRequest request) {
        dev.sluice.v1.WitnessRequest.Builder wire =
                dev.sluice.v1.WitnessRequest.newBuilder().setRequestId(requestId);
        switch (request) {
            case WitnessRequest.PreVote(Ballot ballot) ->
                    wire.setPreVote(PreVote.newBuilder().setBallot(encode(ballot)));
            case WitnessRequest.Prepare(Ballot ballot) ->
                    wire.setPrepare(Prepare.newBuilder().setBallot(encode(ballot)));
            case WitnessRequest.Accept(Register register) ->
                    wire.setAccept(Accept.newBuilder().setRegister(encode(register)));
            case WitnessRequest.Alive(Ballot ballot) ->
                    wire.setAlive(PrimaryAlive.newBuilder().setBallot(encode(ballot)));
        }
        return wire.build();
    }

    /** What a witness replied; its reason is as long and as wild as the witness made it. */
    public static WitnessReply decode(dev.sluice.v1.WitnessReply wire) {
        return new WitnessReply(
                new StoreId(wire.getStoreId()),
                wire.getGranted(),
                wire.getReason(),
                wire.hasPromised() ? decode(wire.getPromised()) : null,
                wire.hasRegister() ? decode(wire.getRegister()) : null);
    }
}
