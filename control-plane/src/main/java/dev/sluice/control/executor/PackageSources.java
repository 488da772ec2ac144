package dev.sluice.control.executor;

import dev.sluice.control.model.PackageRef;

/** What this master itself can serve to agents. */
public interface PackageSources {

    /** Whether the content of this package is complete and verified here. */
    boolean has(PackageRef pkg);

    /** Where agents pull it from, host:port. */
    String address();

    /** Where agents pull it from by the transfer protocol, host:port; empty: nowhere. */
    default String transferAddress() {
        return "";
    }
}
