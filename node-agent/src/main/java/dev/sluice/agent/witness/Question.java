package dev.sluice.agent.witness;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Register;

/** What a master asks of this node as a witness, once it was read. */
public sealed interface Question {

    /** Would you promise? Changes nothing. */
    record PreVote(Ballot ballot) implements Question {}

    /** Promise to accept nothing below this ballot. */
    record Prepare(Ballot ballot) implements Question {}

    /** Keep this. */
    record Accept(Register register) implements Question {}

    /** The primary lives. */
    record Alive(Ballot ballot) implements Question {}

    /**
     * No question that can be granted.
     *
     * @param reason what was expected and found
     */
    record Unusable(String reason) implements Question {}
}
