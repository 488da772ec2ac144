/**
 * This node as a witness: its vote on which master is primary.
 *
 * <p>Pure: {@link dev.sluice.agent.witness.WitnessCore} takes what the ledger has, a question of a
 * master and the time, and says what must be durable and what is answered. Depends on the ledger's
 * values alone. {@code docs/design/one-primary.md} has the rules. Start with {@code WitnessCore}.
 */
@NullMarked
package dev.sluice.agent.witness;

import org.jspecify.annotations.NullMarked;
