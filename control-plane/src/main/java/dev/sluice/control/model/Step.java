package dev.sluice.control.model;

import java.util.List;
import java.util.Optional;

/**
 * One node of a blueprint's graph: work that may start when every step in {@code after} has
 * succeeded or was skipped.
 *
 * @param pass which passage through the cluster it belongs to, from 1; a path has one pass per SITE
 *     package
 */
public record Step(
        StepId id, int pass, Phase phase, RegionId region, Work work, List<StepId> after) {

    public Step {
        after = List.copyOf(after);
    }

    public NodeId node() {
        return work.node();
    }

    public StepKind kind() {
        return StepKind.of(work);
    }

    public Optional<PackageRef> pkg() {
        return switch (work) {
            case Work.Distribute(var _, var pkg) -> Optional.of(pkg);
            case Work.Install(var _, var pkg) -> Optional.of(pkg);
            case Work.Soak(var _, var pkg, var _) -> Optional.of(pkg);
            case Work.AwaitClients(var _, var pkg) -> Optional.of(pkg);
            default -> Optional.empty();
        };
    }
}
