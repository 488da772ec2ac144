/**
 * What the agent tells the masters of its node, each second and soon when something changed.
 *
 * <p>Depends on what is reported and on the wire. Start with {@link
 * dev.sluice.agent.report.NodeObserver}.
 */
@NullMarked
package dev.sluice.agent.report;

import org.jspecify.annotations.NullMarked;
