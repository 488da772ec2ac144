/**
 * What the agent must never forget: its identity, the highest ballot it obeyed, what it promised
 * and accepted as a witness, the results of the commands it executed, the admission it was told to
 * keep, its configuration, its interlock.
 *
 * <p>Lives outside everything that an upgrade replaces. Depends on the JDK, Jackson and
 * PCollections; {@link dev.sluice.agent.ledger.LedgerStorage} is its only way to a disk, so that a
 * simulation can give it another. Start with {@link dev.sluice.agent.ledger.Ledger}.
 */
@NullMarked
package dev.sluice.agent.ledger;

import org.jspecify.annotations.NullMarked;
