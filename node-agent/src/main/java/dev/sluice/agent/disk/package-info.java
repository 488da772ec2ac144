/**
 * Files and directories that survive a crash: what the JDK leaves to its callers.
 *
 * <p>Depends on the JDK alone. Start with {@link dev.sluice.agent.disk.Durable}.
 */
@NullMarked
package dev.sluice.agent.disk;

import org.jspecify.annotations.NullMarked;
