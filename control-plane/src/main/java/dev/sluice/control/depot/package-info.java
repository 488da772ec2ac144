/**
 * The packages that a master keeps, and the rules by which they reach every node.
 *
 * <p>Depends on the model, the state, the executor's ports and the package format of {@code
 * dev.sluice.trust.packages}; knows nothing of the wire. Start with {@link
 * dev.sluice.control.depot.Depot} for the store and {@link
 * dev.sluice.control.depot.DistributionRules}, which is pure, for who pulls from whom.
 */
@NullMarked
package dev.sluice.control.depot;

import org.jspecify.annotations.NullMarked;
