package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A witness as {@code docs/design/one-primary.md} says it. The real one is the agent's, which this
 * module cannot see.
 */
final class WitnessModel {

    /** A primary heard within this time is alive. */
    static final long SILENCE = 1_000_000_000;

    private StoreId store;
    private @Nullable Ballot promised;
    private @Nullable Register register;
    private @Nullable NodeId heard;
    private long heardAt;

    WitnessModel(StoreId store) {
        this.store = store;
    }

    StoreId store() {
        return store;
    }

    Optional<Register> register() {
        return Optional.ofNullable(register);
    }

    Optional<Ballot> promised() {
        return Optional.ofNullable(promised);
    }

    /** Its process starts again: what is durable stays. */
    void restart() {
        heard = null;
    }

    void forgetPromise() {
        promised = null;
    }

    void forgetRegister() {
        register = null;
    }

    /** Its ledger is lost, and another one begun. */
    void lose(StoreId next) {
        store = next;
        promised = null;
        register = null;
        heard = null;
    }

    WitnessReply answer(long now, NodeId from, WitnessRequest request) {
        if (!request.ballot().master().equals(from)) {
            return declined("not the master that asks");
        }
        return switch (request) {
            case WitnessRequest.PreVote(Ballot ballot) -> preVote(now, ballot);
            case WitnessRequest.Prepare(Ballot ballot) -> {
                if (isBelowPromise(ballot)) {
                    yield declined("a higher ballot is promised");
                }
                promised = ballot;
                yield granted();
            }
            case WitnessRequest.Accept(Register asked) -> accept(now, asked);
            case WitnessRequest.Alive(Ballot ballot) -> {
                if (isBelowPromise(ballot)) {
                    yield declined("a higher ballot is promised");
                }
                hear(now, ballot.master());
                yield granted();
            }
        };
    }

    private WitnessReply preVote(long now, Ballot ballot) {
        if (promised != null && !ballot.isAbove(promised)) {
            return declined("that ballot or a higher one is promised");
        }
        boolean alive = heard != null && !heard.equals(ballot.master()) && now - heardAt < SILENCE;
        return alive ? declined("a primary was heard") : granted();
    }

    private WitnessReply accept(long now, Register asked) {
        if (isBelowPromise(asked.ballot())) {
            return declined("a higher ballot is promised");
        }
        if (register != null && !register.equals(asked) && asked.compareTo(register) <= 0) {
            return declined("a later register is kept");
        }
        promised = asked.ballot();
        register = asked;
        hear(now, asked.primary());
        return granted();
    }

    private boolean isBelowPromise(Ballot ballot) {
        return promised != null && promised.isAbove(ballot);
    }

    private void hear(long now, NodeId master) {
        heard = master;
        heardAt = now;
    }

    private WitnessReply granted() {
        return new WitnessReply(store, true, "", promised, register);
    }

    private WitnessReply declined(String reason) {
        return new WitnessReply(store, false, reason, promised, register);
    }
}
