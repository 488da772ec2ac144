package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;

/** What a master asks of a witness. */
public sealed interface WitnessRequest {

    Ballot ballot();

    /** Would you promise? Changes nothing. */
    record PreVote(Ballot ballot) implements WitnessRequest {}

    /** Promise to accept nothing below this ballot. */
    record Prepare(Ballot ballot) implements WitnessRequest {}

    /** Keep this. */
    record Accept(Register register) implements WitnessRequest {
        @Override
        public Ballot ballot() {
            return register.ballot();
        }
    }

    /** The primary lives. */
    record Alive(Ballot ballot) implements WitnessRequest {}
}
