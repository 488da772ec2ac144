package dev.sluice.agent.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Requirement;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.RolePayload;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.packages.VersionRange;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class InstallGuardTest {

    private final Map<String, String> installed =
            new TreeMap<>(Map.of("base", "7.0.0", "site", "24.3.0"));
    private boolean open;
    private int clients;
    private String interlock = "";
    private String model = "sx-100";

    private static Manifest site(String version) {
        return manifest("site", PackageKind.SITE, version, "24.3.0");
    }

    private static Manifest manifest(
            String name, PackageKind kind, String version, String minDirectUpgradeFrom) {
        boolean base = kind == PackageKind.BASE;
        ManifestDraft draft =
                new ManifestDraft(
                        new PackageName(name),
                        kind,
                        new PackageVersion(version),
                        1,
                        List.of(
                                new Requirement(
                                        new PackageName("base"), new VersionRange(">=6.1.0"))),
                        new PackageVersion(minDirectUpgradeFrom),
                        List.of("sx-100", "sx-200"),
                        base,
                        false,
                        null,
                        null,
                        base
                                ? new Installation.Image(new PayloadPath("image.bin"))
                                : Installation.Roles.of(
                                        Map.of(
                                                Role.TRAFFIC,
                                                new RolePayload(
                                                        new PayloadPath("traffic"), List.of()))));
        Sha256 hash = new Sha256("ab".repeat(32));
        return new Manifest(draft, new PackageContent(2048, hash, PackageContent.LEAF_SIZE, hash));
    }

    private Optional<String> refusal(Manifest manifest, boolean cutClients) {
        return InstallGuard.refusal(
                manifest,
                new InstallGuard.Facts(
                        "eu-1", model, new TreeMap<>(installed), open, clients, interlock),
                cutClients);
    }

    private void refuses(Manifest manifest, String reason) {
        assertThat(refusal(manifest, false))
                .hasValueSatisfying(it -> {
                    assertThat(it).startsWith("node eu-1: ").contains(reason);
                });
    }

    @Test
    @Tag("PKG-5")
    void whatIsInOrderIsInstalled() {
        assertThat(refusal(site("25.1.0"), false)).isEmpty();
        installed.remove("site");
        assertThat(refusal(site("25.1.0"), false)).isEmpty();
    }

    @Test
    @Tag("PKG-5")
    void aPackageWhosePrerequisiteIsMissingOrTooOldIsRefused() {
        installed.put("base", "6.0.9");
        refuses(site("25.1.0"), "site 25.1.0 requires base >=6.1.0, found 6.0.9");
        installed.remove("base");
        refuses(site("25.1.0"), "requires base >=6.1.0, found none installed");
    }

    @Test
    @Tag("PKG-5")
    void aDowngradeIsRefused() {
        installed.put("site", "25.2.0");
        refuses(site("25.1.0"), "would be a downgrade, found 25.2.0 installed");
    }

    @Test
    @Tag("PKG-5")
    void aSteppingStoneCannotBeSkipped() {
        installed.put("site", "24.2.0");
        refuses(site("25.1.0"), "upgrades directly from 24.3.0 or newer, found 24.2.0");
    }

    @Test
    @Tag("PKG-5")
    void hardwareThatThePackageIsNotForIsRefused() {
        model = "sx-300";
        refuses(site("25.1.0"), "runs on hardware sx-100, sx-200, found sx-300");
    }

    @Test
    @Tag("CLU-3")
    void anOpenNodeIsRefusedAlsoWhenClientsMayBeCut() {
        open = true;
        refuses(site("25.1.0"), "with admission closed, found it open");
        assertThat(refusal(site("25.1.0"), true)).isPresent();
    }

    @Test
    @Tag("CLU-3")
    void connectedClientsAreRefusedUnlessTheyMayBeCut() {
        clients = 3;
        refuses(site("25.1.0"), "without connected clients, found 3");
        assertThat(refusal(site("25.1.0"), true)).isEmpty();
    }

    @Test
    @Tag("PRE-9")
    void aRebootIsRefusedWhilePowerActionsAreInterlocked() {
        interlock = "base 7.0.0 did not come up";
        refuses(
                manifest("base", PackageKind.BASE, "7.1.0", "6.0.0"),
                "power actions are interlocked: base 7.0.0 did not come up");
        assertThat(refusal(site("25.1.0"), false)).isEmpty();
    }
}
