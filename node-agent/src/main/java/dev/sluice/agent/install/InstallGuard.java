package dev.sluice.agent.install;

import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.Requirement;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/** The agent's own refusals: what would break the node is not done, whoever asks. Pure. */
public final class InstallGuard {

    /**
     * The node right before an install.
     *
     * @param installed package name to version
     * @param connectedClients empty on masters, and when the site does not answer
     * @param interlock why power actions are interlocked; empty: they are not
     */
    public record Facts(
            String nodeId,
            String hardwareModel,
            SortedMap<String, String> installed,
            boolean admissionOpen,
            int connectedClients,
            String interlock) {}

    private InstallGuard() {}

    /** Why the package must not be installed; empty: it may. */
    public static Optional<String> refusal(Manifest manifest, Facts facts, boolean cutClients) {
        return compatibility(manifest, facts)
                .or(() -> order(manifest, facts))
                .or(() -> requirements(manifest, facts.installed(), facts.nodeId()))
                .or(() -> interlock(manifest, facts))
                .or(() -> clients(manifest, facts, cutClients));
    }

    private static Optional<String> compatibility(Manifest manifest, Facts facts) {
        var compatible = manifest.description().compatible();
        if (compatible.isEmpty() || compatible.contains(facts.hardwareModel())) {
            return Optional.empty();
        }
        return Optional.of(
                "node %s: %s runs on hardware %s, found %s; choose a package for this hardware"
                        .formatted(
                                facts.nodeId(),
                                manifest.title(),
                                String.join(", ", compatible),
                                facts.hardwareModel()));
    }

    private static Optional<String> order(Manifest manifest, Facts facts) {
        String text = facts.installed().get(manifest.name().value());
        if (text == null) {
            return Optional.empty();
        }
        PackageVersion installed = new PackageVersion(text);
        if (manifest.version().compareTo(installed) < 0) {
            return Optional.of(
                    "node %s: %s would be a downgrade, found %s installed; a rollback is a plan of its own"
                            .formatted(facts.nodeId(), manifest.title(), installed));
        }
        PackageVersion oldest = manifest.description().minDirectUpgradeFrom();
        if (oldest != null && installed.compareTo(oldest) < 0) {
            return Optional.of(
                    "node %s: %s upgrades directly from %s or newer, found %s; install %s %s first"
                            .formatted(
                                    facts.nodeId(),
                                    manifest.title(),
                                    oldest,
                                    installed,
                                    manifest.name(),
                                    oldest));
        }
        return Optional.empty();
    }

    private static Optional<String> requirements(
            Manifest manifest, Map<String, String> installed, String nodeId) {
        for (Requirement requirement : manifest.description().requires()) {
            String found = installed.get(requirement.name().value());
            if (found == null || !requirement.range().contains(new PackageVersion(found))) {
                return Optional.of(
                        "node %s: %s requires %s, found %s; install %s first"
                                .formatted(
                                        nodeId,
                                        manifest.title(),
                                        requirement,
                                        found == null ? "none installed" : found,
                                        requirement.name()));
            }
        }
        return Optional.empty();
    }

    private static Optional<String> interlock(Manifest manifest, Facts facts) {
        if (facts.interlock().isEmpty() || !reboots(manifest)) {
            return Optional.empty();
        }
        return Optional.of(
                "node %s: %s needs a reboot, and power actions are interlocked: %s; an operator has to clear it"
                        .formatted(facts.nodeId(), manifest.title(), facts.interlock()));
    }

    private static Optional<String> clients(Manifest manifest, Facts facts, boolean cutClients) {
        if (facts.admissionOpen()) {
            return Optional.of(
                    "node %s: %s is installed with admission closed, found it open; close it and drain first"
                            .formatted(facts.nodeId(), manifest.title()));
        }
        if (facts.connectedClients() > 0 && !cutClients) {
            return Optional.of(
                    "node %s: %s is installed without connected clients, found %d; wait for them or have them cut"
                            .formatted(facts.nodeId(), manifest.title(), facts.connectedClients()));
        }
        return Optional.empty();
    }

    private static boolean reboots(Manifest manifest) {
        return manifest.kind() == PackageKind.BASE || manifest.description().rebootRequired();
    }
}
