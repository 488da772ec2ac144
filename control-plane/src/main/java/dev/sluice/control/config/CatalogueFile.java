package dev.sluice.control.config;

import dev.sluice.control.model.Catalogue;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.VersionRange;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads a catalogue of packages. docs/reference/plan.md describes the format. */
public final class CatalogueFile {

    private final Map<PackageRef, String> seen = new HashMap<>();
    private final Map<PackageName, PackageKind> kinds = new HashMap<>();

    private CatalogueFile() {}

    /**
     * Reads a catalogue.
     *
     * @throws ConfigException when the file is not a valid catalogue
     */
    public static Catalogue read(Path file) {
        return new CatalogueFile().read(StrictYaml.read(file));
    }

    /** Reads a catalogue from a text that errors call {@code name}. */
    public static Catalogue parse(String name, String text) {
        return new CatalogueFile().read(StrictYaml.parse(name, text));
    }

    private Catalogue read(StrictNode root) {
        StrictMap map = root.map();
        List<PackageDescriptor> packages = new ArrayList<>();
        map.require("packages").list().forEach(item -> packages.add(descriptor(item)));
        map.finish();
        return Catalogue.of(packages);
    }

    private PackageDescriptor descriptor(StrictNode item) {
        StrictMap map = item.map();
        PackageRef ref =
                new PackageRef(
                        map.require("name").value("a package name", PackageName::new),
                        InventoryFile.version(map.require("version")));
        PackageKind kind = map.require("kind").choice(PackageKind.class, Enum::name);
        PackageDescriptor descriptor =
                new PackageDescriptor(
                        ref,
                        kind,
                        map.find("requires").map(CatalogueFile::requirements).orElse(List.of()),
                        map.find("minDirectUpgradeFrom").map(InventoryFile::version).orElse(null),
                        map.find("compatible").map(CatalogueFile::hardware).orElse(Set.of()),
                        map.require("size").whole(0, Long.MAX_VALUE),
                        flag(map, "rebootRequired", kind == PackageKind.BASE),
                        flag(map, "invalidatesClients", false),
                        map.find("soak").map(StrictNode::duration).orElse(null));
        map.finish();
        once(item, ref, kind);
        return descriptor;
    }

    private void once(StrictNode item, PackageRef ref, PackageKind kind) {
        String before = seen.putIfAbsent(ref, item.place());
        if (before != null) {
            throw item.error(
                    "expected each package once, found %s here and at %s".formatted(ref, before));
        }
        PackageKind other = kinds.putIfAbsent(ref.name(), kind);
        if (other != null && other != kind) {
            throw item.error(
                    "expected kind %s as in the other versions of %s, found %s"
                            .formatted(other, ref.name(), kind));
        }
    }

    private static boolean flag(StrictMap map, String key, boolean otherwise) {
        return map.find(key).map(StrictNode::bool).orElse(otherwise);
    }

    private static List<Requirement> requirements(StrictNode list) {
        List<Requirement> requirements = new ArrayList<>();
        for (StrictNode item : list.list()) {
            StrictMap map = item.map();
            requirements.add(
                    new Requirement(
                            map.require("name").value("a package name", PackageName::new),
                            map.require("range").value("a range", VersionRange::parse)));
            map.finish();
        }
        return requirements;
    }

    private static Set<HardwareModel> hardware(StrictNode list) {
        Set<HardwareModel> models = new HashSet<>();
        list.list().forEach(n -> models.add(n.value("a hardware model", HardwareModel::new)));
        return models;
    }
}
