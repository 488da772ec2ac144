/**
 * The packages that a master keeps and serves.
 *
 * <p>Depends on the model, the state, the executor's ports and the package format of {@code
 * dev.sluice.trust.packages}, and on {@code dev.sluice.transfer}, by which they come and go; knows
 * nothing of gRPC. Start with {@link dev.sluice.control.depot.Depot}. Who pulls from whom is
 * decided in {@link dev.sluice.control.executor}.
 */
@NullMarked
package dev.sluice.control.depot;

import org.jspecify.annotations.NullMarked;
