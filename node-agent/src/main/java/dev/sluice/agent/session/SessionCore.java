package dev.sluice.agent.session;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.agent.witness.Question;
import dev.sluice.agent.witness.Verdict;
import dev.sluice.agent.witness.WitnessCore;
import dev.sluice.v1.Command;
import dev.sluice.v1.Fence;
import dev.sluice.v1.KeepPackages;
import dev.sluice.v1.LeaseRenewal;
import dev.sluice.v1.SignedPromotion;
import dev.sluice.v1.WitnessRequest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides which master is obeyed and which command is executed when. Without I/O, threads or time:
 * the same calls give the same effects.
 *
 * <p>The rules: a ballot below the highest persisted one is refused for everything, also for a
 * command that waited in the queue while the higher one came; a higher one is persisted first, and
 * the shared address released if another master had it; one of a higher generation needs an
 * operator's certificate ({@link GenerationGate}); a command that has a recorded outcome is
 * answered with it; a command that is being executed is not started again; each lane executes one
 * command at a time and lets {@value #QUEUE_BOUND} wait. What a master asks of this node as a
 * witness is {@link WitnessCore}'s, whomever the node obeys.
 */
public final class SessionCore {

    /** Commands that may wait in a lane. A plan has far fewer for one node at a time. */
    public static final int QUEUE_BOUND = 64;

    private static final SignedPromotion NOT_SIGNED = SignedPromotion.getDefaultInstance();
    private static final int MAX_COMMAND_ID_CHARS = 200;
    private static final int MAX_MASTER_ID_CHARS = 63;

    private final WitnessCore witness = new WitnessCore();
    private final Map<Lane, Queue> queues = new EnumMap<>(Lane.class);

    private final GenerationGate gate;

    /**
     * @param proofs says what an operator has signed
     */
    public SessionCore(PromotionProofs proofs) {
        this.gate = new GenerationGate(proofs);
        for (Lane lane : Lane.values()) {
            queues.put(lane, new Queue());
        }
    }

    /** A command and the master that waits for its outcome: the one that sent it last. */
    private record Pending(String fromMaster, Command command) {
        Ballot ballot() {
            return Ballots.fromWire(command.getBallot());
        }
    }

    private static final class Queue {
        private @Nullable Pending executing;
        private final ArrayDeque<Pending> waiting = new ArrayDeque<>();
    }

    public List<Effect> fence(LedgerState known, String fromMaster, Fence fence) {
        Ballot offered = Ballots.fromWire(fence.getBallot());
        if (!isUsable(offered)) {
            return List.of();
        }
        Optional<Effect> refused = refused(known, fromMaster, offered, fence.getPromotion(), "");
        if (refused.isPresent()) {
            return List.of(refused.get());
        }
        List<Effect> effects = new ArrayList<>(raise(known, offered));
        effects.add(new Effect.ConfirmFence(fromMaster, offered));
        return effects;
    }

    /**
     * A master asks this node as a witness.
     *
     * @param now monotonic, in nanoseconds
     */
    public List<Effect> witness(
            LedgerState known, String fromMaster, WitnessRequest request, long now) {
        Question asked = WitnessMessages.fromWire(request);
        Question question =
                gate.refusal(known, asked, request.getPromotion())
                        .<Question>map(Question.Unusable::new)
                        .orElse(asked);
        Verdict verdict = witness.decide(known, fromMaster, question, now);
        List<Effect> effects = new ArrayList<>();
        verdict.fact().ifPresent(fact -> effects.add(new Effect.PersistVote(fact)));
        effects.add(new Effect.AnswerWitness(fromMaster, request.getRequestId(), verdict.answer()));
        return effects;
    }

    public List<Effect> lease(LedgerState known, String fromMaster, LeaseRenewal renewal) {
        Ballot offered = Ballots.fromWire(renewal.getBallot());
        if (!isUsable(offered)) {
            return List.of();
        }
        Optional<Effect> refused = refused(known, fromMaster, offered, NOT_SIGNED, "");
        if (refused.isPresent()) {
            return List.of(refused.get());
        }
        List<Effect> effects = new ArrayList<>(raise(known, offered));
        effects.add(
                new Effect.ExtendLease(
                        Duration.ofMillis(Integer.toUnsignedLong(renewal.getLeaseMillis()))));
        return effects;
    }

    public List<Effect> keep(LedgerState known, String fromMaster, KeepPackages order) {
        Ballot offered = Ballots.fromWire(order.getBallot());
        if (!isUsable(offered)) {
            return List.of();
        }
        Optional<Effect> refused = refused(known, fromMaster, offered, NOT_SIGNED, "");
        if (refused.isPresent()) {
            return List.of(refused.get());
        }
        List<Effect> effects = new ArrayList<>(raise(known, offered));
        effects.add(new Effect.Keep(offered, order));
        return effects;
    }

    public List<Effect> command(LedgerState known, String fromMaster, Command command) {
        String id = command.getCommandId();
        Ballot offered = Ballots.fromWire(command.getBallot());
        if (id.isEmpty() || id.length() > MAX_COMMAND_ID_CHARS || !isUsable(offered)) {
            return List.of(
                    new Effect.Answer(
                            fromMaster,
                            id,
                            offered,
                            Outcome.refused(
                                    "command '%s': expected an id of 1 to %d characters and a ballot with a master id"
                                            .formatted(abbreviate(id), MAX_COMMAND_ID_CHARS))));
        }
        Optional<Effect> refused = refused(known, fromMaster, offered, NOT_SIGNED, id);
        if (refused.isPresent()) {
            return List.of(refused.get());
        }
        List<Effect> effects = new ArrayList<>(raise(known, offered));
        Optional<Outcome> recorded = known.outcome(id);
        if (recorded.isPresent()) {
            effects.add(new Effect.Answer(fromMaster, id, offered, recorded.get()));
        } else {
            effects.addAll(enqueue(new Pending(fromMaster, command)));
        }
        return effects;
    }

    /** A command that was started has ended. */
    public List<Effect> finished(LedgerState known, Lane lane, Outcome outcome) {
        Queue queue = queue(lane);
        Pending ended = queue.executing;
        if (ended == null) {
            throw new IllegalStateException("lane " + lane + " executes nothing");
        }
        queue.executing = null;
        String id = ended.command().getCommandId();
        List<Effect> effects = new ArrayList<>();
        effects.add(new Effect.PersistOutcome(id, outcome));
        effects.add(new Effect.Answer(ended.fromMaster(), id, ended.ballot(), outcome));
        return effects;
    }

    /**
     * Starts the next command of a lane that is idle; refuses those whose ballot has become too low
     * while they waited.
     */
    public List<Effect> next(LedgerState known, Lane lane) {
        Queue queue = queue(lane);
        List<Effect> effects = new ArrayList<>();
        while (queue.executing == null && !queue.waiting.isEmpty()) {
            Pending pending = queue.waiting.removeFirst();
            Optional<Ballot> higher = higherThan(known, pending.ballot());
            if (higher.isPresent()) {
                effects.add(
                        new Effect.Refuse(
                                pending.fromMaster(),
                                pending.ballot(),
                                higher.get(),
                                pending.command().getCommandId()));
            } else {
                queue.executing = pending;
                effects.add(new Effect.Start(lane, pending.command()));
            }
        }
        return effects;
    }

    /**
     * The command that is being executed; installs are named rather than a download beside them.
     */
    public String executing() {
        for (Lane lane : List.of(Lane.NODE, Lane.STAGING)) {
            Pending executing = queue(lane).executing;
            if (executing != null) {
                return executing.command().getCommandId();
            }
        }
        return "";
    }

    private List<Effect> enqueue(Pending pending) {
        Queue queue = queue(Lane.of(pending.command()));
        String id = pending.command().getCommandId();
        if (queue.executing != null && queue.executing.command().getCommandId().equals(id)) {
            queue.executing = pending;
            return List.of(new Effect.Update(pending.command()));
        }
        if (queue.waiting.removeIf(waiting -> waiting.command().getCommandId().equals(id))
                || queue.waiting.size() < QUEUE_BOUND) {
            queue.waiting.addLast(pending);
            return List.of();
        }
        return List.of(
                new Effect.Answer(
                        pending.fromMaster(),
                        id,
                        pending.ballot(),
                        Outcome.retryable(
                                "command %s: expected at most %d commands waiting on the node, found as many; send it again when some have ended"
                                        .formatted(id, QUEUE_BOUND))));
    }

    private Queue queue(Lane lane) {
        Queue queue = queues.get(lane);
        if (queue == null) {
            throw new IllegalStateException("no queue for " + lane);
        }
        return queue;
    }

    private static boolean isUsable(Ballot ballot) {
        return !ballot.master().isEmpty() && ballot.master().length() <= MAX_MASTER_ID_CHARS;
    }

    private static Optional<Ballot> higherThan(LedgerState known, Ballot offered) {
        return known.highestBallot().filter(offered::isBelow);
    }

    /** Too low, or of a generation that nobody has shown to be an operator's will. */
    private Optional<Effect> refused(
            LedgerState known,
            String fromMaster,
            Ballot offered,
            SignedPromotion signed,
            String commandId) {
        Optional<Ballot> higher = higherThan(known, offered);
        if (higher.isPresent()) {
            return Optional.of(new Effect.Refuse(fromMaster, offered, higher.get(), commandId));
        }
        return known.highestBallot()
                .flatMap(obeyed ->
                        gate.refusal(known, offered, signed)
                                .map(why ->
                                        new Effect.Refuse(
                                                fromMaster, offered, obeyed, commandId, why)));
    }

    private static List<Effect> raise(LedgerState known, Ballot offered) {
        Optional<Ballot> obeyed = known.highestBallot();
        if (obeyed.filter(offered::equals).isPresent()) {
            return List.of();
        }
        Effect persist = new Effect.PersistBallot(offered);
        boolean ofAnother =
                obeyed.filter(before -> !before.master().equals(offered.master())).isPresent();
        return ofAnother ? List.of(persist, new Effect.ReleaseAddress()) : List.of(persist);
    }

    private static String abbreviate(String text) {
        return text.length() <= MAX_COMMAND_ID_CHARS
                ? text
                : text.substring(0, MAX_COMMAND_ID_CHARS) + "...";
    }
}
