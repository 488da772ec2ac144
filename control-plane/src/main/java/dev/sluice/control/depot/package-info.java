/**
 * The packages that a master keeps and serves.
 *
 * <p>Depends on the model, the state, the executor's ports and the package format of {@code
 * dev.sluice.trust.packages}, and on {@code dev.sluice.transfer}, by which they come and go; knows
 * nothing of gRPC. Who pulls from whom is decided in {@link dev.sluice.control.executor}.
 *
 * <p>Start with {@link dev.sluice.control.depot.Depot}, which has what is whole. {@link
 * dev.sluice.control.depot.DepotFill} brings what other masters have, whole or by a patch. {@link
 * dev.sluice.control.depot.DepotPatches} makes the patches that nodes and other masters get, for
 * some of which {@link dev.sluice.control.depot.NodeBases} fetches what only nodes have. {@link
 * dev.sluice.control.depot.DepotKeeper} removes.
 */
@NullMarked
package dev.sluice.control.depot;

import org.jspecify.annotations.NullMarked;
