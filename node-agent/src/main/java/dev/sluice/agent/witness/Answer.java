package dev.sluice.agent.witness;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Register;
import java.util.Optional;

/**
 * What a master is answered; holds what is durable by the time it is sent.
 *
 * @param store names the ledger that the promise is in
 * @param reason for people; empty when granted
 * @param promised the highest ballot promised so far
 * @param register what was accepted last
 */
public record Answer(
        String store,
        boolean granted,
        String reason,
        Optional<Ballot> promised,
        Optional<Register> register) {}
