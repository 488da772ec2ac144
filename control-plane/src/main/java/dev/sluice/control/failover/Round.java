package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One question that a candidate puts to the witnesses, and what they have answered so far. */
final class Round {

    /** What is asked. */
    enum Stage {
        PRE_VOTE("a pre-vote"),
        /** As PREPARE, but of a first set, all of which have to answer and to know nothing. */
        FOUND("promises to found the cluster"),
        PREPARE("promises"),
        ACCEPT("acceptance of its register");

        private final String doing;

        Stage(String doing) {
            this.doing = doing;
        }

        String doing() {
            return doing;
        }
    }

    /** How a question stands. */
    sealed interface Outcome {

        record Open() implements Outcome {}

        record Refused(String why) implements Outcome {}

        /**
         * @param register what a primary under this ballot goes on from, as the promises say
         */
        record Won(Optional<Register> register) implements Outcome {}
    }

    private final long id;
    private final Ballot ballot;
    private final Stage stage;
    private final Optional<Register> template;
    private final long begunAt;
    private final Promises promises = new Promises();
    private final SortedSet<Witness> granted = new TreeSet<>();
    private final Map<Witness, Long> askedAt = new HashMap<>();

    /**
     * @param template the register to write, and whose witnesses alone are asked: of a founder, of
     *     a forced promotion, and at ACCEPT
     */
    Round(long id, Ballot ballot, Stage stage, Optional<Register> template, long begunAt) {
        this.id = id;
        this.ballot = ballot;
        this.stage = stage;
        this.template = template;
        this.begunAt = begunAt;
    }

    long id() {
        return id;
    }

    Ballot ballot() {
        return ballot;
    }

    Stage stage() {
        return stage;
    }

    Optional<Register> template() {
        return template;
    }

    long begunAt() {
        return begunAt;
    }

    WitnessRequest request() {
        return switch (stage) {
            case PRE_VOTE -> new WitnessRequest.PreVote(ballot);
            case FOUND, PREPARE -> new WitnessRequest.Prepare(ballot);
            case ACCEPT -> new WitnessRequest.Accept(template.orElseThrow());
        };
    }

    /** Those that have not granted yet and may still be needed. */
    SortedSet<Witness> toAsk(@Nullable Register known) {
        SortedSet<Witness> all = new TreeSet<>();
        if (template.isPresent()) {
            all.addAll(template.get().everyone());
        } else {
            promises.possible(known).forEach(register -> all.addAll(register.everyone()));
        }
        all.removeAll(granted);
        return all;
    }

    /** Whether to ask it now; notes that it was. */
    boolean isDue(Witness witness, long now, long every) {
        Long before = askedAt.get(witness);
        if (before != null && now - before < every) {
            return false;
        }
        askedAt.put(witness, now);
        return true;
    }

    /**
     * Whether a reply that grants something grants this. An earlier process of the same master may
     * have asked under the same id.
     */
    boolean isGrantedBy(WitnessReply reply) {
        return switch (stage) {
            case PRE_VOTE -> reply.granted();
            case FOUND, PREPARE -> reply.granted() && ballot.equals(reply.promised());
            case ACCEPT ->
                    reply.granted() && template.equals(Optional.ofNullable(reply.register()));
        };
    }

    void granted(Witness witness, @Nullable Register register) {
        granted.add(witness);
        promises.add(witness, register);
    }

    Outcome outcome(@Nullable Register known) {
        return switch (stage) {
            case FOUND -> {
                if (promises.anyRegister()) {
                    yield new Outcome.Refused(
                            "a witness knows a register: the cluster is founded, and this journal is a lost one");
                }
                yield granted.containsAll(template.orElseThrow().everyone())
                        ? new Outcome.Won(Optional.empty())
                        : new Outcome.Open();
            }
            case ACCEPT -> byTemplate();
            case PRE_VOTE, PREPARE ->
                    template.isPresent()
                            ? byTemplate()
                            : promises.decisive(known)
                                    .<Outcome>map(r -> new Outcome.Won(Optional.of(r)))
                                    .orElseGet(Outcome.Open::new);
        };
    }

    /** Whether no reply that is still to come can show another one to go on from. */
    boolean isCertain(Register register) {
        return promises.isCertain(register);
    }

    private Outcome byTemplate() {
        return template.orElseThrow().hasQuorum(granted)
                ? new Outcome.Won(Optional.empty())
                : new Outcome.Open();
    }
}
