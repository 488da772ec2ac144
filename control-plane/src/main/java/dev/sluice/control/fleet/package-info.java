/**
 * The masters' side of the agents' sessions: who is connected, what they report, what they are
 * told, and package content served to them.
 *
 * <p>Depends on the executor's ports, which it implements, on the depot for content, on the codec
 * and the failover's values for what is asked of witnesses, on {@code pki} for the peers' names,
 * and on the wire format and gRPC. Start with {@link dev.sluice.control.fleet.Fleet}; {@link
 * dev.sluice.control.fleet.AgentLinkEndpoint} feeds it from the wire. No thread belongs to an
 * agent: everything here runs on gRPC's threads or the caller's.
 */
@NullMarked
package dev.sluice.control.fleet;

import org.jspecify.annotations.NullMarked;
