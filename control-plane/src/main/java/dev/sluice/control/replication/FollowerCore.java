package dev.sluice.control.replication;

import dev.sluice.control.failover.Register;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.Ballot;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The follower's side of one session with a primary, without I/O: messages in, what is to be done
 * out. Owned by one thread.
 *
 * <p>It acknowledges what the own journal has made durable and nothing else, and proves with each
 * heartbeat that the own writer still lives.
 */
public final class FollowerCore {

    private final @Nullable Ballot ownBallot;
    private final Deque<Taken> underWay = new ArrayDeque<>();
    private long nextIndex;
    private JournalPosition durable;
    private @Nullable Ballot primary;
    private boolean left;

    /** Entries that were handed to the own journal, and the hash that has to come of them. */
    private record Taken(long lastIndex, ChainHash hash) {}

    /** What a primary says. */
    public sealed interface Message {

        /** The session begins. */
        record Accepted(Ballot ballot, Optional<Register> register) implements Message {}

        /**
         * Consecutive entries.
         *
         * @param hash the chain hash after the last of them
         */
        record Entries(long firstIndex, List<byte[]> payloads, ChainHash hash) implements Message {
            public Entries {
                payloads = List.copyOf(payloads);
            }

            long lastIndex() {
                return firstIndex + payloads.size() - 1;
            }
        }

        /** It lives, and has committed up to the index. */
        record Heartbeat(Ballot ballot, long committedIndex, Optional<Register> register)
                implements Message {}

        /**
         * It does not serve this journal.
         *
         * @param ballot that it is primary under; empty: it did not say
         * @param register the last one that a majority accepted; empty: it did not say
         */
        record Refused(
                Refusal refusal,
                String detail,
                Optional<Ballot> ballot,
                Optional<Register> register)
                implements Message {}
    }

    /** Why a primary does not serve a follower. */
    public enum Refusal {
        /** It is none. */
        NOT_PRIMARY,
        /** The follower's journal is no beginning of the primary's. */
        DIVERGED,
        /** What the follower needs next is compacted away. */
        TOO_OLD
    }

    /** What the follower has to do. */
    public sealed interface Action {

        /** The primary was heard. */
        record Heard(Ballot ballot, Optional<Register> register) implements Action {}

        /** Append the entries and force; then tell {@link #durable}. */
        record Append(long firstIndex, List<byte[]> payloads) implements Action {
            public Append {
                payloads = List.copyOf(payloads);
            }
        }

        /** Ask the own writer where the journal ends; then tell {@link #durable}. */
        record AskWriter() implements Action {}

        record Acknowledge(long index) implements Action {}

        /** Bring the journal in line with that of the primary, then begin another session. */
        record Resync(Refusal refusal, String detail, Ballot ballot) implements Action {}

        /** End the session. */
        record Leave(String why) implements Action {}
    }

    /**
     * Creates the core of a session that begins.
     *
     * @param durable where the own journal ends
     * @param ownBallot the ballot of the last primary in the own journal; null: none. A primary
     *     below it is one of the past
     */
    public FollowerCore(JournalPosition durable, @Nullable Ballot ownBallot) {
        this.durable = durable;
        this.nextIndex = durable.index() + 1;
        this.ownBallot = ownBallot;
    }

    /** Takes a message of the primary. */
    public List<Action> hear(Message message) {
        if (left) {
            return List.of();
        }
        return switch (message) {
            case Message.Accepted(var ballot, var register) ->
                    primary == null
                            ? heard(ballot, register)
                            : leave("it was accepted a second time");
            case Message.Entries entries -> take(entries);
            case Message.Heartbeat(var ballot, var _, var register) -> alive(ballot, register);
            case Message.Refused refused -> refused(refused);
        };
    }

    private List<Action> heard(Ballot ballot, Optional<Register> register) {
        if (ownBallot != null && ownBallot.isAbove(ballot)) {
            return leave(
                    "its ballot %s is below %s, which is in the own journal"
                            .formatted(ballot, ownBallot));
        }
        if (primary != null && primary.isAbove(ballot)) {
            return leave("its ballot %s is below its own %s".formatted(ballot, primary));
        }
        primary = ballot;
        return List.of(new Action.Heard(ballot, register));
    }

    private List<Action> alive(Ballot ballot, Optional<Register> register) {
        if (primary == null) {
            return leave("it sent a heartbeat before it accepted");
        }
        List<Action> heard = heard(ballot, register);
        return left ? heard : List.of(heard.getFirst(), new Action.AskWriter());
    }

    private List<Action> take(Message.Entries entries) {
        Ballot ballot = primary;
        if (ballot == null) {
            return leave("it sent entries before it accepted");
        }
        if (entries.payloads().isEmpty() || entries.firstIndex() > nextIndex) {
            return leave(
                    "it sent entries %d to %d, expected %d next"
                            .formatted(entries.firstIndex(), entries.lastIndex(), nextIndex));
        }
        Action heard = new Action.Heard(ballot, Optional.empty());
        if (entries.lastIndex() < nextIndex) {
            return List.of(heard, new Action.Acknowledge(durable.index()));
        }
        if (entries.firstIndex() < nextIndex) {
            return leave(
                    "it sent entries %d to %d, of which some were sent before"
                            .formatted(entries.firstIndex(), entries.lastIndex()));
        }
        nextIndex = entries.lastIndex() + 1;
        underWay.addLast(new Taken(entries.lastIndex(), entries.hash()));
        return List.of(heard, new Action.Append(entries.firstIndex(), entries.payloads()));
    }

    private List<Action> refused(Message.Refused refused) {
        return switch (refused.refusal()) {
            case NOT_PRIMARY -> {
                left = true;
                yield List.of();
            }
            case DIVERGED, TOO_OLD -> {
                if (refused.ballot().isEmpty()) {
                    yield leave("it refuses without a ballot: " + refused.detail());
                }
                List<Action> heard = heard(refused.ballot().get(), refused.register());
                if (left) {
                    yield heard;
                }
                if (refused.refusal() == Refusal.DIVERGED
                        && refused.ballot().get().equals(ownBallot)) {
                    yield leave(
                            "one ballot wrote two histories; nothing is cut: " + refused.detail());
                }
                left = true;
                yield List.of(
                        heard.getFirst(),
                        new Action.Resync(
                                refused.refusal(), refused.detail(), refused.ballot().get()));
            }
        };
    }

    /** Takes note that the own journal is durable up to a position. */
    public List<Action> durable(JournalPosition position) {
        if (left || position.index() < durable.index()) {
            return List.of();
        }
        durable = position;
        while (!underWay.isEmpty() && underWay.getFirst().lastIndex() <= position.index()) {
            Taken taken = underWay.removeFirst();
            if (taken.lastIndex() == position.index()
                    && !taken.hash().equals(position.chainHash())) {
                return leave(
                        "entry %d has chain hash %s at the primary, %s here"
                                .formatted(position.index(), taken.hash(), position.chainHash()));
            }
        }
        return List.of(new Action.Acknowledge(position.index()));
    }

    /** Takes note that entries could not be appended. */
    public List<Action> notTaken(String why) {
        return left ? List.of() : leave("entries were not taken: " + why);
    }

    private List<Action> leave(String why) {
        left = true;
        return List.of(new Action.Leave(why));
    }
}
