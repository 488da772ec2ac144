package dev.sluice.control.state;

import dev.sluice.control.model.PackageRef;
import org.pcollections.TreePSet;

/**
 * What operators decided about packages, besides importing them.
 *
 * @param distributed packages that every node they suit is to have on its disk, upgrade or not
 */
public record PackageChoices(TreePSet<PackageRef> distributed) {

    public static final PackageChoices EMPTY = new PackageChoices(TreePSet.empty());

    PackageChoices distributing(PackageRef pkg, boolean on) {
        return new PackageChoices(on ? distributed.plus(pkg) : distributed.minus(pkg));
    }
}
