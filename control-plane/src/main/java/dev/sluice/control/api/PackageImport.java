package dev.sluice.control.api;

import dev.sluice.control.depot.ImportResult;
import dev.sluice.control.state.PackageRecord;
import java.io.IOException;
import java.io.InputStream;

/** Where uploaded packages go: the depot, which verifies them and keeps them. */
@FunctionalInterface
public interface PackageImport {

    /**
     * Takes a package in. Whatever fails, nothing of it is kept.
     *
     * @throws IOException when {@code input} fails, or the store's disk does
     */
    ImportResult importPackage(InputStream input) throws IOException;

    /**
     * Whether an imported package is still there. Asked once the cluster's state names it: it may
     * have been removed after it was found there already.
     */
    default boolean holds(PackageRecord pkg) {
        return true;
    }
}
