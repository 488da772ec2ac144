/**
 * Checking what the node really runs.
 *
 * <p>Depends on install, traffic and the wire. Start with {@link
 * dev.sluice.agent.verify.NodeVerifier}.
 */
@NullMarked
package dev.sluice.agent.verify;

import org.jspecify.annotations.NullMarked;
