package dev.sluice.control.config;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.ZoneId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads a cluster's inventory. docs/reference/plan.md describes the format. */
public final class InventoryFile {

    private static final String EXPECTED_VERSION = "sluice/v1";
    private static final String EXPECTED_KIND = "Cluster";

    private final Map<NodeId, String> seen = new HashMap<>();

    private InventoryFile() {}

    /**
     * Reads an inventory.
     *
     * @throws ConfigException when the file is not a valid inventory
     */
    public static Inventory read(Path file) {
        return new InventoryFile().read(StrictYaml.read(file));
    }

    /** Reads an inventory from a text that errors call {@code name}. */
    public static Inventory parse(String name, String text) {
        return new InventoryFile().read(StrictYaml.parse(name, text));
    }

    private Inventory read(StrictNode root) {
        StrictMap map = root.map();
        constant(map, "apiVersion", EXPECTED_VERSION);
        constant(map, "kind", EXPECTED_KIND);
        StrictMap metadata = map.require("metadata").map();
        String name = metadata.requireString("name");
        metadata.finish();
        List<Master> masters = masters(map.require("masters"));
        List<TrafficNode> nodes = new ArrayList<>();
        map.find("nodes").ifPresent(n -> n.list().forEach(item -> nodes.add(node(item))));
        map.find("regions").ifPresent(n -> regions(n, nodes));
        Policy policy = map.find("policy").map(PolicyReader::read).orElse(Policy.DEFAULT);
        map.finish();
        return new Inventory(new Topology(name, masters, nodes), policy);
    }

    private static void constant(StrictMap map, String key, String expected) {
        StrictNode node = map.require(key);
        if (!node.string().equals(expected)) {
            throw node.expected("\"" + expected + "\"");
        }
    }

    private List<Master> masters(StrictNode list) {
        List<Master> masters = new ArrayList<>();
        list.list().forEach(item -> masters.add(master(item)));
        long primaries = masters.stream().filter(m -> m.role() == MasterRole.PRIMARY).count();
        if (primaries != 1) {
            throw list.error(
                    "expected exactly one master with role primary, found %d".formatted(primaries));
        }
        return masters;
    }

    private Master master(StrictNode item) {
        StrictMap map = item.map();
        Master master =
                new Master(
                        id(map),
                        map.require("role").choice(MasterRole.class, PolicyReader::lower),
                        map.require("region").value("a region", RegionId::new),
                        map.require("hardware").value("a hardware model", HardwareModel::new),
                        installed(map.require("installed")));
        map.finish();
        return master;
    }

    private TrafficNode node(StrictNode item) {
        StrictMap map = item.map();
        TrafficNode node =
                new TrafficNode(
                        id(map),
                        map.require("region").value("a region", RegionId::new),
                        map.find("zone").map(z -> z.value("a zone", ZoneId::new)).orElse(null),
                        map.require("hardware").value("a hardware model", HardwareModel::new),
                        count(map, "capacity"),
                        count(map, "connected"),
                        map.require("accepting").bool(),
                        map.require("healthy").bool(),
                        installed(map.require("installed")));
        map.finish();
        return node;
    }

    private static int count(StrictMap map, String key) {
        return Math.toIntExact(map.require(key).whole(0, Integer.MAX_VALUE));
    }

    private NodeId id(StrictMap map) {
        StrictNode node = map.require("id");
        NodeId id = node.value("a node id", NodeId::new);
        String before = seen.putIfAbsent(id, node.place());
        if (before != null) {
            throw node.error(
                    "expected each node id once, found \"%s\" here and at %s"
                            .formatted(id, before));
        }
        return id;
    }

    private static SortedMap<PackageName, Version> installed(StrictNode node) {
        SortedMap<PackageName, Version> installed = new TreeMap<>();
        node.map()
                .entries()
                .forEach((name, version) -> installed.put(name(version, name), version(version)));
        return installed;
    }

    private static PackageName name(StrictNode place, String name) {
        try {
            return new PackageName(name);
        } catch (IllegalArgumentException e) {
            throw place.error(String.valueOf(e.getMessage()));
        }
    }

    static Version version(StrictNode node) {
        return node.value("a version such as 25.1.0", Version::parse);
    }

    /** Regions may be declared, so that a region that lost all its nodes to a mistake is seen. */
    private static void regions(StrictNode list, List<TrafficNode> nodes) {
        Set<RegionId> used = new HashSet<>();
        nodes.forEach(n -> used.add(n.region()));
        Set<RegionId> declared = new HashSet<>();
        for (StrictNode item : list.list()) {
            RegionId region = item.value("a region", RegionId::new);
            if (!declared.add(region)) {
                throw item.error("expected each region once, found \"%s\" twice".formatted(region));
            }
            if (!used.contains(region)) {
                throw item.error(
                        "expected traffic nodes in region %s, found none".formatted(region));
            }
        }
        Optional<TrafficNode> stranger =
                nodes.stream().filter(n -> !declared.contains(n.region())).findFirst();
        stranger.ifPresent(n -> {
            throw list.error(
                    "node %s is in region %s, which is not declared here"
                            .formatted(n.id(), n.region()));
        });
    }
}
