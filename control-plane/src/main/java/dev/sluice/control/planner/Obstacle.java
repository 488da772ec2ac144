package dev.sluice.control.planner;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Version;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a package cannot be installed on a node as it is now. */
sealed interface Obstacle {

    /**
     * A required package is absent or out of range.
     *
     * @param found null: not installed
     */
    record Unmet(Requirement requirement, @Nullable Version found) implements Obstacle {}

    /** The installed version is too old for a direct upgrade. */
    record TooOld(Version minimum, Version found) implements Obstacle {}

    record WrongHardware(HardwareModel found) implements Obstacle {}

    /** The same or a newer version is installed. */
    record NotNewer(Version found) implements Obstacle {}

    /** The first thing in the way of a package, or empty when it can be installed. */
    static Optional<Obstacle> to(
            PackageDescriptor pkg, HardwareModel hardware, Map<PackageName, Version> installed) {
        if (!pkg.runsOn(hardware)) {
            return Optional.of(new WrongHardware(hardware));
        }
        Version current = installed.get(pkg.ref().name());
        if (current != null) {
            if (current.isAtLeast(pkg.ref().version())) {
                return Optional.of(new NotNewer(current));
            }
            Version minimum = pkg.minDirectUpgradeFrom();
            if (minimum != null && current.isOlderThan(minimum)) {
                return Optional.of(new TooOld(minimum, current));
            }
        }
        for (Requirement requirement : pkg.requires()) {
            Version found = installed.get(requirement.name());
            if (found == null || !requirement.range().contains(found)) {
                return Optional.of(new Unmet(requirement, found));
            }
        }
        return Optional.empty();
    }
}
