package dev.sluice.control.executor;

import dev.sluice.control.model.PackageRef;
import java.util.List;

/** What this master itself can serve to agents. */
public interface PackageSources {

    /** Whether the content of this package is complete and verified here. */
    boolean has(PackageRef pkg);

    /** The patches that make this package of others and are whole here. */
    default List<ContentPatch> patches(PackageRef pkg) {
        return List.of();
    }

    /**
     * Whether a patch that makes this package is on its way: nodes that could use it wait. Never
     * for long.
     */
    default boolean isMakingPatches(PackageRef pkg) {
        return false;
    }

    /** Where agents pull it from, host:port. */
    String address();

    /** Where agents pull it from by the transfer protocol, host:port; empty: nowhere. */
    default String transferAddress() {
        return "";
    }
}
