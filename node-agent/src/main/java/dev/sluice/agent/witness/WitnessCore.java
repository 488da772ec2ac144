package dev.sluice.agent.witness;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.ledger.Register;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides what this node grants as a witness. Without I/O, threads or a clock: the same calls give
 * the same verdicts.
 *
 * <p>Promise and register are the ledger's. All that is remembered here is when a primary was heard
 * last, which a restart forgets: then a pre-vote succeeds earlier, and nothing else is different. A
 * promise is no fence: whom this node obeys is another matter.
 */
public final class WitnessCore {

    /** A primary that was heard within this time is alive: nobody gets a pre-vote against it. */
    public static final Duration PRIMARY_SILENCE = Duration.ofSeconds(1);

    private @Nullable Heard heard;

    /** A primary's last sign of life. */
    private record Heard(String master, long nanos) {}

    /**
     * Answers one question.
     *
     * @param known what is durable
     * @param fromMaster who is at the other end of the session; no other can speak for its ballots
     * @param now monotonic, in nanoseconds
     */
    public Verdict decide(LedgerState known, String fromMaster, Question question, long now) {
        return switch (question) {
            case Question.PreVote(Ballot ballot) ->
                    unlessForged(known, fromMaster, ballot, () -> preVote(known, ballot, now));
            case Question.Prepare(Ballot ballot) ->
                    unlessForged(known, fromMaster, ballot, () -> prepare(known, ballot));
            case Question.Accept(Register register) ->
                    unlessForged(
                            known,
                            fromMaster,
                            register.ballot(),
                            () -> accept(known, register, now));
            case Question.Alive(Ballot ballot) ->
                    unlessForged(known, fromMaster, ballot, () -> alive(known, ballot, now));
            case Question.Unusable(String reason) -> declined(known, reason);
        };
    }

    private interface Rule {
        Verdict decide();
    }

    private static Verdict unlessForged(
            LedgerState known, String fromMaster, Ballot ballot, Rule rule) {
        return ballot.master().equals(fromMaster)
                ? rule.decide()
                : declined(
                        known,
                        "ballot %s: expected one of master %s, which is asking"
                                .formatted(ballot, fromMaster));
    }

    private Verdict preVote(LedgerState known, Ballot ballot, long now) {
        Optional<Ballot> promised = known.promisedBallot();
        if (promised.isPresent() && !ballot.isAbove(promised.get())) {
            return declined(
                    known,
                    "ballot %s: expected one above %s, which is promised"
                            .formatted(ballot, promised.get()));
        }
        Heard last = heard;
        if (last == null || last.master().equals(ballot.master())) {
            return granted(known);
        }
        Duration silence = Duration.ofNanos(now - last.nanos());
        return silence.compareTo(PRIMARY_SILENCE) >= 0
                ? granted(known)
                : declined(
                        known,
                        "ballot %s: primary %s was heard %d ms ago"
                                .formatted(ballot, last.master(), silence.toMillis()));
    }

    private static Verdict prepare(LedgerState known, Ballot ballot) {
        Optional<Ballot> promised = known.promisedBallot();
        if (promised.filter(ballot::isBelow).isPresent()) {
            return belowPromise(known, ballot, promised.get());
        }
        return promised.filter(ballot::equals).isPresent()
                ? granted(known)
                : grantedAfter(known, new LedgerRecord.BallotPromised(ballot));
    }

    /**
     * A register that differs from the one kept has to be later, not as old: one write of a primary
     * is one value, and two would be counted as if they were the same.
     */
    private Verdict accept(LedgerState known, Register register, long now) {
        Optional<Ballot> promised = known.promisedBallot();
        if (promised.filter(register.ballot()::isBelow).isPresent()) {
            return belowPromise(known, register.ballot(), promised.get());
        }
        boolean again = known.register().filter(register::equals).isPresent();
        Optional<Register> later =
                again
                        ? Optional.empty()
                        : known.register().filter(kept -> !kept.isOlderThan(register));
        if (later.isPresent()) {
            return declined(
                    known,
                    "register %s/%d: expected one after %s/%d, which is kept"
                            .formatted(
                                    register.ballot(),
                                    register.sequence(),
                                    later.get().ballot(),
                                    later.get().sequence()));
        }
        heard = new Heard(register.ballot().master(), now);
        return again
                ? granted(known)
                : grantedAfter(known, new LedgerRecord.RegisterAccepted(register));
    }

    /** What is promised is never below the register: one comparison is for both. */
    private Verdict alive(LedgerState known, Ballot ballot, long now) {
        Optional<Ballot> promised = known.promisedBallot();
        if (promised.filter(ballot::isBelow).isPresent()) {
            return belowPromise(known, ballot, promised.get());
        }
        heard = new Heard(ballot.master(), now);
        return granted(known);
    }

    private static Verdict belowPromise(LedgerState known, Ballot ballot, Ballot promised) {
        return declined(
                known, "ballot %s is below %s, which is promised".formatted(ballot, promised));
    }

    private static Verdict grantedAfter(LedgerState known, LedgerRecord fact) {
        return new Verdict(Optional.of(fact), answer(known.apply(fact), true, ""));
    }

    private static Verdict granted(LedgerState known) {
        return new Verdict(Optional.empty(), answer(known, true, ""));
    }

    private static Verdict declined(LedgerState known, String reason) {
        return new Verdict(Optional.empty(), answer(known, false, reason));
    }

    private static Answer answer(LedgerState known, boolean granted, String reason) {
        return new Answer(
                known.storeId(), granted, reason, known.promisedBallot(), known.register());
    }
}
