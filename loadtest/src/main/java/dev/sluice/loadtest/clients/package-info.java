/**
 * Clients of the traffic nodes and of the shared address, and what they observed.
 *
 * <p>Depends on the JDK and on trust. Start with {@link dev.sluice.loadtest.clients.ClientLoad}.
 */
@NullMarked
package dev.sluice.loadtest.clients;

import org.jspecify.annotations.NullMarked;
