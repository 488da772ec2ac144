package dev.sluice.control.state;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * Who commands, as the journal knows it.
 *
 * @param ballot the ballot under which the last primary took office
 * @param handedTo the master that the office was given to and that has not taken it yet; null: none
 */
public record Office(Ballot ballot, @Nullable NodeId handedTo) {

    public NodeId primary() {
        return ballot.master();
    }

    /** The master whose turn it is next by the journal. */
    public NodeId entitled() {
        return handedTo == null ? ballot.master() : handedTo;
    }
}
