/**
 * The agent of a node: dials the masters, obeys the one with the highest ballot, and keeps the node
 * as it was told.
 *
 * <p>{@link dev.sluice.agent.AgentMain} is the command line, {@link dev.sluice.agent.Agent} puts
 * the parts together; it may depend on all of them.
 */
@NullMarked
package dev.sluice.agent;

import org.jspecify.annotations.NullMarked;
