/**
 * The sessions with the masters: who may command this node, and what is executed when.
 *
 * <p>{@link dev.sluice.agent.session.SessionCore} decides, without I/O: ledger state and a message
 * in, effects out. {@link dev.sluice.agent.session.CommandDesk} performs the effects, one thread
 * for all masters. {@link dev.sluice.agent.session.MasterLink} is one gRPC stream and its
 * reconnection. Depends on the ledger, the witness, the shared address, the wire and gRPC. Start
 * with {@code SessionCore}.
 */
@NullMarked
package dev.sluice.agent.session;

import org.jspecify.annotations.NullMarked;
