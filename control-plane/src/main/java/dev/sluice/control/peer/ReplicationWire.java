package dev.sluice.control.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.control.codec.WitnessWire;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.replication.FollowerCore;
import dev.sluice.v1.FollowAccepted;
import dev.sluice.v1.FollowRefused;
import dev.sluice.v1.FollowRequest;
import dev.sluice.v1.FollowResponse;
import dev.sluice.v1.FollowerAck;
import dev.sluice.v1.FollowerPosition;
import dev.sluice.v1.JournalEntries;
import dev.sluice.v1.PrimaryHeartbeat;
import java.util.List;
import java.util.Optional;

/**
 * Replication's messages on the wire. What is read is foreign input: whatever is out of bounds is
 * an {@link IllegalArgumentException} that says what.
 */
public final class ReplicationWire {

    private ReplicationWire() {}

    // The primary's.

    public static FollowResponse accepted(
            Ballot ballot, String version, Optional<Register> register) {
        FollowAccepted.Builder accepted =
                FollowAccepted.newBuilder()
                        .setBallot(WitnessWire.encode(ballot))
                        .setControlPlaneVersion(version);
        register.ifPresent(r -> accepted.setRegister(WitnessWire.encode(r)));
        return FollowResponse.newBuilder().setAccepted(accepted).build();
    }

    public static FollowResponse heartbeat(
            Ballot ballot, long committedIndex, Optional<Register> register) {
        PrimaryHeartbeat.Builder heartbeat =
                PrimaryHeartbeat.newBuilder()
                        .setBallot(WitnessWire.encode(ballot))
                        .setCommittedIndex(committedIndex);
        register.ifPresent(r -> heartbeat.setRegister(WitnessWire.encode(r)));
        return FollowResponse.newBuilder().setHeartbeat(heartbeat).build();
    }

    public static FollowResponse entries(long firstIndex, List<byte[]> payloads, ChainHash hash) {
        JournalEntries.Builder entries =
                JournalEntries.newBuilder().setFirstIndex(firstIndex).setLastHash(bytes(hash));
        payloads.forEach(payload -> entries.addPayloads(UnsafeByteOperations.unsafeWrap(payload)));
        return FollowResponse.newBuilder().setEntries(entries).build();
    }

    public static FollowResponse refused(
            FollowerCore.Refusal refusal,
            String detail,
            Optional<Ballot> ballot,
            Optional<Register> register,
            Optional<NodeId> primary) {
        FollowRefused.Builder refused =
                FollowRefused.newBuilder()
                        .setReason(
                                switch (refusal) {
                                    case NOT_PRIMARY -> FollowRefused.Reason.REASON_NOT_PRIMARY;
                                    case DIVERGED -> FollowRefused.Reason.REASON_DIVERGED;
                                    case TOO_OLD -> FollowRefused.Reason.REASON_TOO_OLD;
                                })
                        .setDetail(detail)
                        .setPrimary(primary.map(NodeId::value).orElse(""));
        ballot.ifPresent(b -> refused.setBallot(WitnessWire.encode(b)));
        register.ifPresent(r -> refused.setRegister(WitnessWire.encode(r)));
        return FollowResponse.newBuilder().setRefused(refused).build();
    }

    public static FollowerCore.Message read(FollowResponse response) {
        return switch (response.getMessageCase()) {
            case ACCEPTED -> {
                FollowAccepted accepted = response.getAccepted();
                yield new FollowerCore.Message.Accepted(
                        WitnessWire.decode(accepted.getBallot()),
                        accepted.hasRegister()
                                ? Optional.of(WitnessWire.decode(accepted.getRegister()))
                                : Optional.empty());
            }
            case ENTRIES -> {
                JournalEntries entries = response.getEntries();
                yield new FollowerCore.Message.Entries(
                        notNegative("first index", entries.getFirstIndex()),
                        entries.getPayloadsList().stream().map(ByteString::toByteArray).toList(),
                        ChainHash.of(entries.getLastHash().toByteArray()));
            }
            case HEARTBEAT -> {
                PrimaryHeartbeat heartbeat = response.getHeartbeat();
                yield new FollowerCore.Message.Heartbeat(
                        WitnessWire.decode(heartbeat.getBallot()),
                        notNegative("committed index", heartbeat.getCommittedIndex()),
                        heartbeat.hasRegister()
                                ? Optional.of(WitnessWire.decode(heartbeat.getRegister()))
                                : Optional.empty());
            }
            case REFUSED -> refused(response.getRefused());
            case MESSAGE_NOT_SET ->
                    throw new IllegalArgumentException("a message of an unknown kind");
        };
    }

    private static FollowerCore.Message.Refused refused(FollowRefused refused) {
        return new FollowerCore.Message.Refused(
                switch (refused.getReason()) {
                    case REASON_NOT_PRIMARY -> FollowerCore.Refusal.NOT_PRIMARY;
                    case REASON_DIVERGED -> FollowerCore.Refusal.DIVERGED;
                    case REASON_TOO_OLD -> FollowerCore.Refusal.TOO_OLD;
                    case REASON_UNSPECIFIED, UNRECOGNIZED ->
                            throw new IllegalArgumentException(
                                    "a refusal for an unknown reason: " + refused.getDetail());
                },
                refused.getDetail(),
                refused.hasBallot()
                        ? Optional.of(WitnessWire.decode(refused.getBallot()))
                        : Optional.empty(),
                refused.hasRegister()
                        ? Optional.of(WitnessWire.decode(refused.getRegister()))
                        : Optional.empty());
    }

    // The follower's.

    public static FollowRequest position(Replica replica, String version, JournalPosition durable) {
        return FollowRequest.newBuilder()
                .setPosition(
                        FollowerPosition.newBuilder()
                                .setMasterId(replica.master().value())
                                .setStoreId(replica.store().value())
                                .setControlPlaneVersion(version)
                                .setLastIndex(durable.index())
                                .setLastHash(bytes(durable.chainHash())))
                .build();
    }

    public static FollowRequest ack(long index) {
        return FollowRequest.newBuilder().setAck(FollowerAck.newBuilder().setIndex(index)).build();
    }

    public static JournalPosition position(FollowerPosition wire) {
        return new JournalPosition(
                notNegative("last index", wire.getLastIndex()), hash(wire.getLastHash()));
    }

    /** The follower with its journal; empty for one of a release whose journals have no names. */
    public static Optional<Replica> replica(FollowerPosition wire) {
        return wire.getStoreId().isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Replica(
                                new NodeId(wire.getMasterId()), new StoreId(wire.getStoreId())));
    }

    /** A chain hash; nothing stands for the one before entry 1. */
    static ChainHash hash(ByteString wire) {
        return wire.isEmpty() ? ChainHash.GENESIS : ChainHash.of(wire.toByteArray());
    }

    public static ByteString bytes(ChainHash hash) {
        return ByteString.copyFrom(hash.toBytes());
    }

    static long notNegative(String field, long unsigned) {
        if (unsigned < 0) {
            throw new IllegalArgumentException(
                    "%s %s: expected less than 2^63"
                            .formatted(field, Long.toUnsignedString(unsigned)));
        }
        return unsigned;
    }
}
