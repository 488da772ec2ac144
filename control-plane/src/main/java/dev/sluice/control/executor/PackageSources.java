package dev.sluice.control.executor;

import dev.sluice.control.model.PackageRef;
import java.util.List;
import java.util.Set;

/** What this master itself can serve to agents. */
public interface PackageSources {

    /** Whether the content of this package is complete and verified here. */
    boolean has(PackageRef pkg);

    /** The patches that make this package of others and are whole here. */
    default List<ContentPatch> patches(PackageRef pkg) {
        return List.of();
    }

    /**
     * The contents, by their SHA-256, from which a patch to this package is on its way: nodes that
     * have one wait. Never for long.
     */
    default Set<String> patchesInMaking(PackageRef pkg) {
        return Set.of();
    }

    /** Where agents pull it from, host:port. */
    String address();

    /** Where agents pull it from by the transfer protocol, host:port; empty: nowhere. */
    default String transferAddress() {
        return "";
    }
}
