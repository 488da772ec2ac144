package dev.sluice.control.model;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The packages that a plan may choose from, sorted by name and version. */
public record Catalogue(SortedMap<PackageRef, PackageDescriptor> packages) {

    public Catalogue {
        packages = Collections.unmodifiableSortedMap(new TreeMap<>(packages));
    }

    /**
     * Makes a catalogue of descriptors.
     *
     * @throws IllegalArgumentException when two of them name the same package and version
     */
    public static Catalogue of(Collection<PackageDescriptor> descriptors) {
        NavigableMap<PackageRef, PackageDescriptor> packages = new TreeMap<>();
        for (PackageDescriptor descriptor : descriptors) {
            if (packages.put(descriptor.ref(), descriptor) != null) {
                throw new IllegalArgumentException(
                        "package %s is listed twice".formatted(descriptor.ref()));
            }
        }
        return new Catalogue(packages);
    }

    public Optional<PackageDescriptor> find(PackageRef ref) {
        return Optional.ofNullable(packages.get(ref));
    }

    /** All versions of a package, oldest first. */
    public List<PackageDescriptor> versionsOf(PackageName name) {
        return packages.values().stream().filter(p -> p.ref().name().equals(name)).toList();
    }
}
