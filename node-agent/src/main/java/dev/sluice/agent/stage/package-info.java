/**
 * Getting packages onto this node's disk, verified, and passing them on.
 *
 * <p>{@link dev.sluice.agent.stage.StageArea} is the disk, {@link dev.sluice.agent.stage.Stager}
 * pulls and verifies, {@link dev.sluice.agent.stage.PackageSource} serves other agents. Depends on
 * trust, the ledger, the wire and gRPC. Start with {@code Stager}.
 */
@NullMarked
package dev.sluice.agent.stage;

import org.jspecify.annotations.NullMarked;
