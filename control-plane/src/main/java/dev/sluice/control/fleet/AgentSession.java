package dev.sluice.control.fleet;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.v1.SessionResponse;
import dev.sluice.v1.Welcome;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The way out to one agent: a bounded queue in front of its stream. A command waits here while the
 * transport is full, and is dropped if this master's tenure ends before it left.
 *
 * <p>Safe for use by many threads. The lock is held only over gRPC's own queueing, which does not
 * block.
 */
final class AgentSession {

    /** Messages that wait for an agent that does not read; with more it counts as gone. */
    static final int MAX_QUEUED = 256;

    private static final int NO_GENERATION = -1;

    /** What became of a message. */
    enum Offer {
        /** Sent, or waiting in the queue. */
        ACCEPTED,
        /** Not sent: the session or the tenure has ended, or the transport is full. */
        DROPPED,
        /** Not sent: the queue is full, and the session was ended for it. */
        OVERFLOWED
    }

    private record Outgoing(long term, SessionResponse message) {}

    private final NodeId node;
    private final int generation;
    private final ServerCallStreamObserver<SessionResponse> outbound;
    private final Supplier<Tenure> tenure;
    private final Object lock = new Object();
    private final ArrayDeque<Outgoing> queue = new ArrayDeque<>();
    private long number;
    private long fenceSentIn = Known.UNFENCED;
    private String lastReason = "";
    private boolean greeted;
    private boolean ended;

    AgentSession(
            Greeting greeting,
            ServerCallStreamObserver<SessionResponse> outbound,
            Supplier<Tenure> tenure) {
        this.node = greeting.node();
        Ballot obeyed = greeting.highest();
        this.generation = obeyed == null ? NO_GENERATION : obeyed.generation();
        this.outbound = outbound;
        this.tenure = tenure;
    }

    NodeId node() {
        return node;
    }

    /** Which session of its node this is; 0 before it was greeted. */
    long number() {
        synchronized (lock) {
            return number;
        }
    }

    /** Says the first words, after the session has been registered under its number. */
    void greet(
            long sessionNumber, NodeId master, String controlPlaneVersion, String transferAddress) {
        synchronized (lock) {
            number = sessionNumber;
            greeted = true;
            if (ended) {
                return;
            }
            Tenure now = tenure.get();
            outbound.onNext(
                    SessionResponse.newBuilder()
                            .setWelcome(
                                    Welcome.newBuilder()
                                            .setMasterId(master.value())
                                            .setControlPlaneVersion(controlPlaneVersion)
                                            .setPrimary(now.ballot() != null)
                                            .setTransferAddress(transferAddress))
                            .build());
            fence();
        }
    }

    /**
     * Asks the agent to acknowledge the present tenure's ballot, once. A session that was not
     * greeted yet does it then.
     */
    void fence() {
        synchronized (lock) {
            Tenure now = tenure.get();
            Ballot ballot = now.ballot();
            queue.removeIf(waiting -> waiting.term() != now.term());
            if (ballot == null || !greeted || ended || fenceSentIn == now.term()) {
                return;
            }
            fenceSentIn = now.term();
            var _ = offer(now, fence(now, ballot));
        }
    }

    /** Without what was signed, for an agent that said in Hello that it knows the generation. */
    private SessionResponse fence(Tenure now, Ballot ballot) {
        return CommandWriter.fence(
                ballot, ballot.generation() > generation ? now.promotion() : Optional.empty());
    }

    /**
     * Asks again, if the agent did not acknowledge: a ledger that can't be written answers nothing,
     * and may be well by now.
     */
    void fenceAgain() {
        synchronized (lock) {
            Tenure now = tenure.get();
            Ballot ballot = now.ballot();
            if (ballot != null && fenceSentIn == now.term()) {
                var _ = offerNow(now, fence(now, ballot));
            }
        }
    }

    /** Whether the agent gave another reason last time; notes this one. */
    boolean isNew(String reason) {
        synchronized (lock) {
            boolean isNew = !reason.equals(lastReason);
            lastReason = reason;
            return isNew;
        }
    }

    /** Forgets what waits, once this master leads no more; nothing of it is sent after that. */
    void dropCommands() {
        synchronized (lock) {
            long term = tenure.get().term();
            queue.removeIf(waiting -> waiting.term() != term);
        }
    }

    /** Sends now, or when the transport has room. */
    Offer offer(Tenure under, SessionResponse message) {
        synchronized (lock) {
            if (ended || under.term() != tenure.get().term()) {
                return Offer.DROPPED;
            }
            if (queue.isEmpty() && outbound.isReady()) {
                outbound.onNext(message);
                return Offer.ACCEPTED;
            }
            if (queue.size() == MAX_QUEUED) {
                end(
                        Status.RESOURCE_EXHAUSTED.withDescription(
                                "node %s: %d messages wait for it; it does not read them"
                                        .formatted(node, MAX_QUEUED)));
                return Offer.OVERFLOWED;
            }
            queue.add(new Outgoing(under.term(), message));
            return Offer.ACCEPTED;
        }
    }

    /** Sends now or not at all: for what would be wrong when it comes late. */
    Offer offerNow(Tenure under, SessionResponse message) {
        synchronized (lock) {
            return queue.isEmpty() && outbound.isReady() ? offer(under, message) : Offer.DROPPED;
        }
    }

    /**
     * Sends now or not at all, whoever leads: what is asked of a witness, before there is a tenure
     * and after it. It never waits, so that it may overtake commands, and a frozen master's old
     * question is not asked when it thaws.
     */
    void ask(SessionResponse request) {
        synchronized (lock) {
            if (greeted && !ended && outbound.isReady()) {
                outbound.onNext(request);
            }
        }
    }

    /** Sends what waits, as far as the transport has room. */
    void drain() {
        synchronized (lock) {
            while (!ended && !queue.isEmpty() && outbound.isReady()) {
                Outgoing next = queue.remove();
                if (next.term() == tenure.get().term()) {
                    outbound.onNext(next.message());
                }
            }
        }
    }

    /** Ends the stream with this status, if it is not ended yet. */
    void end(Status status) {
        synchronized (lock) {
            if (ended) {
                return;
            }
            ended = true;
            queue.clear();
            if (status.isOk()) {
                outbound.onCompleted();
            } else {
                outbound.onError(status.asRuntimeException());
            }
        }
    }
}
