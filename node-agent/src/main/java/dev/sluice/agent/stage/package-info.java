/**
 * Getting packages onto this node's disk, verified, and passing them on.
 *
 * <p>{@link dev.sluice.agent.stage.StageArea} is the disk, {@link dev.sluice.agent.stage.Stager}
 * pulls and verifies, {@link dev.sluice.agent.stage.ContentTransfers} pulls from other nodes and
 * serves them by the transfer protocol, {@link dev.sluice.agent.stage.PackageSource} serves those
 * of the release before. Depends on transfer, trust, the ledger, the wire and gRPC. Start with
 * {@code Stager}.
 */
@NullMarked
package dev.sluice.agent.stage;

import org.jspecify.annotations.NullMarked;
