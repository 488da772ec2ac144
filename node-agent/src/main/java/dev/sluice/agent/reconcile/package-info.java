/**
 * What the node shall be, compared with what it is: pure.
 *
 * <p>Depends on the JDK alone. Start with {@link dev.sluice.agent.reconcile.Reconciler}.
 */
@NullMarked
package dev.sluice.agent.reconcile;

import org.jspecify.annotations.NullMarked;
