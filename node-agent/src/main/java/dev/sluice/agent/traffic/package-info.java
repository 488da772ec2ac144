/**
 * The site's clients: admission, sessions, a test session.
 *
 * <p>Depends on the JDK and Jackson. Start with {@link dev.sluice.agent.traffic.TrafficPort}.
 */
@NullMarked
package dev.sluice.agent.traffic;

import org.jspecify.annotations.NullMarked;
