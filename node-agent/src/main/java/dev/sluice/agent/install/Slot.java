package dev.sluice.agent.install;

import dev.sluice.trust.packages.PackageKind;
import java.nio.file.Path;
import java.util.List;

/**
 * One version of a package on this node.
 *
 * @param files its real directory, not through the link that may move
 * @param command what to run in it, relative to it; empty: nothing
 */
public record Slot(
        String packageName, String version, PackageKind kind, Path files, List<String> command) {

    public Slot {
        command = List.copyOf(command);
    }

    public String title() {
        return packageName + " " + version;
    }
}
