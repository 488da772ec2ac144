package dev.sluice.agent.session;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.v1.Command;
import dev.sluice.v1.KeepPackages;
import java.time.Duration;

/**
 * What has to happen after a message or the end of a command. Effects are performed in order; when
 * one fails, those after it are not performed.
 */
public sealed interface Effect {

    /** Make the ballot durable before anything is said or done in its name. */
    record PersistBallot(Ballot ballot) implements Effect {}

    /** Make durable what this node grants as a witness, before it says so. */
    record PersistVote(LedgerRecord fact) implements Effect {}

    /** Answer a master that asked this node as a witness. */
    record AnswerWitness(String toMaster, long requestId, dev.sluice.agent.witness.Answer answer)
            implements Effect {}

    /** Give the shared address up: the master it was held for is obeyed no more. */
    record ReleaseAddress() implements Effect {}

    /** From now on these packages are what the cluster needs. */
    record Keep(Ballot ballot, KeepPackages order) implements Effect {}

    record PersistOutcome(String commandId, Outcome outcome) implements Effect {}

    /** The command that is being executed was sent again. */
    record Update(Command command) implements Effect {}

    /** Begin to execute; {@link SessionCore#finished} is called when it ended. */
    record Start(Lane lane, Command command) implements Effect {}

    record ConfirmFence(String toMaster, Ballot ballot) implements Effect {}

    /**
     * Tell a master that its ballot is not obeyed.
     *
     * @param commandId empty when no command carried it
     * @param reason why one that is not too low is not obeyed; empty: it is too low
     */
    record Refuse(String toMaster, Ballot offered, Ballot highest, String commandId, String reason)
            implements Effect {

        /** It is too low. */
        public Refuse(String toMaster, Ballot offered, Ballot highest, String commandId) {
            this(toMaster, offered, highest, commandId, "");
        }
    }

    record Answer(String toMaster, String commandId, Ballot ballot, Outcome outcome)
            implements Effect {}

    record ExtendLease(Duration lease) implements Effect {}
}
