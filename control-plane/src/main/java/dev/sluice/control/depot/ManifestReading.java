package dev.sluice.control.depot;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.VersionRange;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.PackageVersion;
import java.util.stream.Collectors;

/** Turns a verified manifest into what planning needs to know of it. */
public final class ManifestReading {

    private ManifestReading() {}

    /** What the content of an imported package is. */
    static PackageContent content(PackageRecord pkg) throws InvalidPackageException {
        return Manifest.parse(pkg.manifest().toArray()).content();
    }

    /**
     * The descriptor.
     *
     * @throws IllegalArgumentException when the model's narrower rules for names or ranges are not
     *     kept; the message names which
     */
    public static PackageDescriptor descriptor(Manifest manifest) {
        ManifestDraft said = manifest.description();
        PackageVersion oldest = said.minDirectUpgradeFrom();
        return new PackageDescriptor(
                new PackageRef(
                        new PackageName(said.name().value()),
                        Version.parse(said.version().value())),
                switch (said.kind()) {
                    case BASE -> PackageKind.BASE;
                    case SITE -> PackageKind.SITE;
                    case ADDON -> PackageKind.ADDON;
                },
                said.requires().stream()
                        .map(needed ->
                                new Requirement(
                                        new PackageName(needed.name().value()),
                                        VersionRange.parse(needed.range().value())))
                        .toList(),
                oldest == null ? null : Version.parse(oldest.value()),
                said.compatible().stream().map(HardwareModel::new).collect(Collectors.toSet()),
                manifest.content().size(),
                said.rebootRequired(),
                said.invalidatesClients(),
                said.soak());
    }
}
