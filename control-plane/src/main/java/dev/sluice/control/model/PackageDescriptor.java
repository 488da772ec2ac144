package dev.sluice.control.model;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What planning needs to know of a package: the part of its signed manifest that decides order and
 * compatibility.
 *
 * @param minDirectUpgradeFrom an older installed version has to pass through a stepping stone;
 *     null: any may upgrade
 * @param compatible hardware it runs on; empty: any
 * @param sizeBytes size of its content, 0 or more
 * @param soak time that must pass after it before the next SITE package; null: the policy's
 */
public record PackageDescriptor(
        PackageRef ref,
        PackageKind kind,
        List<Requirement> requires,
        @Nullable Version minDirectUpgradeFrom,
        Set<HardwareModel> compatible,
        long sizeBytes,
        boolean rebootRequired,
        boolean invalidatesClients,
        @Nullable Duration soak) {

    public PackageDescriptor {
        requires = List.copyOf(requires);
        compatible = Collections.unmodifiableSortedSet(new TreeSet<>(compatible));
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("%s: size %d is negative".formatted(ref, sizeBytes));
        }
        if (soak != null && soak.isNegative()) {
            throw new IllegalArgumentException("%s: soak %s is negative".formatted(ref, soak));
        }
    }

    public boolean runsOn(HardwareModel model) {
        return compatible.isEmpty() || compatible.contains(model);
    }
}
