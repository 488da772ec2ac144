package dev.sluice.control.planner;

import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What can be done with a package of the catalogue now, as package lists show it.
 *
 * @param pkg the package
 * @param state whether it can be installed
 * @param reason what blocks it; empty unless blocked
 * @param enabledBy the package to install first, where the catalogue has one
 */
public record Availability(
        PackageRef pkg, State state, String reason, Optional<PackageRef> enabledBy) {

    /** How far a package is. */
    public enum State {
        /** Every node runs it or something newer. */
        INSTALLED,
        /** Every node that lacks it can install it as it is. */
        INSTALLABLE,
        /** Some node cannot install it; the reason names one. */
        BLOCKED
    }

    /** The state of every package of the catalogue, sorted by name and version. */
    public static List<Availability> of(Topology topology, Catalogue catalogue) {
        List<NodeClass> classes = NodeClass.of(topology);
        return catalogue.packages().values().stream()
                .map(pkg -> of(pkg, classes, catalogue))
                .toList();
    }

    private static Availability of(
            PackageDescriptor pkg, List<NodeClass> classes, Catalogue catalogue) {
        boolean lacking = false;
        List<Availability> blocked = new ArrayList<>();
        for (NodeClass nodes : classes) {
            Optional<Obstacle> obstacle = Obstacle.to(pkg, nodes.hardware(), nodes.installed());
            lacking |= !Replay.has(nodes.installed(), pkg.ref());
            obstacle.flatMap(o -> blocked(pkg, o, nodes.example(), catalogue))
                    .ifPresent(blocked::add);
        }
        if (!lacking) {
            return new Availability(pkg.ref(), State.INSTALLED, "", Optional.empty());
        }
        return blocked.isEmpty()
                ? new Availability(pkg.ref(), State.INSTALLABLE, "", Optional.empty())
                : blocked.getFirst();
    }

    private static Optional<Availability> blocked(
            PackageDescriptor pkg, Obstacle obstacle, NodeId node, Catalogue catalogue) {
        PackageName own = pkg.ref().name();
        return switch (obstacle) {
            case Obstacle.NotNewer _ -> Optional.empty();
            case Obstacle.WrongHardware(HardwareModel found) ->
                    Optional.of(
                            new Availability(
                                    pkg.ref(),
                                    State.BLOCKED,
                                    "does not run on %s, the hardware of node %s"
                                            .formatted(found, node),
                                    Optional.empty()));
            case Obstacle.TooOld(Version minimum, Version found) ->
                    Optional.of(
                            blocked(
                                    pkg,
                                    "upgrades from %s %s or newer, node %s has %s"
                                            .formatted(own, minimum, node, found),
                                    newest(
                                            catalogue,
                                            own,
                                            v ->
                                                    v.isAtLeast(minimum)
                                                            && v.isOlderThan(
                                                                    pkg.ref().version()))));
            case Obstacle.Unmet(Requirement needed, var found) ->
                    Optional.of(
                            blocked(
                                    pkg,
                                    "needs %s, node %s has %s"
                                            .formatted(
                                                    needed, node, found == null ? "none" : found),
                                    newest(
                                            catalogue,
                                            needed.name(),
                                            v ->
                                                    needed.range().contains(v)
                                                            && (found == null
                                                                    || found.isOlderThan(v)))));
        };
    }

    private static Availability blocked(
            PackageDescriptor pkg, String problem, Optional<PackageRef> enabling) {
        String way =
                enabling.map("enabled by %s"::formatted)
                        .orElse("no package of the catalogue enables it");
        return new Availability(pkg.ref(), State.BLOCKED, problem + "; " + way, enabling);
    }

    private static Optional<PackageRef> newest(
            Catalogue catalogue, PackageName name, Predicate<Version> wanted) {
        return catalogue.versionsOf(name).reversed().stream()
                .map(PackageDescriptor::ref)
                .filter(r -> wanted.test(r.version()))
                .findFirst();
    }
}
