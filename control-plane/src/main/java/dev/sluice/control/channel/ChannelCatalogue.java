package dev.sluice.control.channel;

import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.VersionRange;
import dev.sluice.trust.channel.ChannelPackage;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A channel's packages as planning sees them, beside those that are imported. What a channel does
 * not say of a package (its soak, whether it reboots) is as if the package did not say it.
 */
public final class ChannelCatalogue {

    private ChannelCatalogue() {}

    /** The name and version in the model's terms. */
    public static PackageRef ref(ChannelPackage pkg) {
        return new PackageRef(
                new PackageName(pkg.name().value()), Version.parse(pkg.version().value()));
    }

    /** Both together; where both have a package, the imported one counts. */
    public static Catalogue of(
            Collection<PackageDescriptor> imported, Collection<ChannelPackage> offered) {
        SortedMap<PackageRef, PackageDescriptor> all = new TreeMap<>();
        offered.forEach(pkg -> all.put(ref(pkg), descriptor(pkg)));
        imported.forEach(pkg -> all.put(pkg.ref(), pkg));
        return new Catalogue(all);
    }

    private static PackageDescriptor descriptor(ChannelPackage pkg) {
        return new PackageDescriptor(
                ref(pkg),
                switch (pkg.kind()) {
                    case BASE -> PackageKind.BASE;
                    case SITE -> PackageKind.SITE;
                    case ADDON -> PackageKind.ADDON;
                },
                pkg.requires().stream()
                        .map(needed ->
                                new Requirement(
                                        new PackageName(needed.name().value()),
                                        VersionRange.parse(needed.range().value())))
                        .toList(),
                pkg.minDirectUpgradeFrom()
                        .map(version -> Version.parse(version.value()))
                        .orElse(null),
                pkg.compatible().stream().map(HardwareModel::new).collect(Collectors.toSet()),
                pkg.file().size(),
                false,
                false,
                null);
    }
}
