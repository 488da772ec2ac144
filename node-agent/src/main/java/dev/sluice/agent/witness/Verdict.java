package dev.sluice.agent.witness;

import dev.sluice.agent.ledger.LedgerRecord;
import java.util.Optional;

/**
 * What follows from a question.
 *
 * @param fact has to be durable before the answer is given; empty: nothing new
 */
public record Verdict(Optional<LedgerRecord> fact, Answer answer) {}
