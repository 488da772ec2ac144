package dev.sluice.control.api;

import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.ZoneId;
import java.util.Locale;
import java.util.SortedMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A topology as an inventory file, in JSON, which is YAML. */
final class DeviceInventory {

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private DeviceInventory() {}

    static String of(Topology topology) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("apiVersion", "sluice/v1").put("kind", "Cluster");
        root.putObject("metadata").put("name", topology.name());
        ArrayNode masters = root.putArray("masters");
        // Plans take the first as the primary when a promotion is just under way.
        boolean known = topology.masters().stream().anyMatch(m -> m.role() == MasterRole.PRIMARY);
        for (var master : topology.masters()) {
            MasterRole role =
                    known
                            ? master.role()
                            : masters.isEmpty() ? MasterRole.PRIMARY : MasterRole.BACKUP;
            ObjectNode node = masters.addObject();
            node.put("id", master.id().value());
            node.put("role", role.name().toLowerCase(Locale.ROOT));
            node.put("region", master.region().value());
            node.put("hardware", master.hardware().value());
            installed(node, master.installed());
        }
        ArrayNode nodes = root.putArray("nodes");
        for (var traffic : topology.nodes()) {
            ObjectNode node = nodes.addObject();
            node.put("id", traffic.id().value());
            node.put("region", traffic.region().value());
            ZoneId zone = traffic.zone();
            if (zone != null) {
                node.put("zone", zone.value());
            }
            node.put("hardware", traffic.hardware().value());
            node.put("capacity", traffic.capacity());
            node.put("connected", traffic.connected());
            node.put("accepting", traffic.accepting());
            node.put("healthy", traffic.healthy());
            installed(node, traffic.installed());
        }
        return MAPPER.writeValueAsString(root);
    }

    private static void installed(ObjectNode node, SortedMap<PackageName, Version> installed) {
        ObjectNode versions = node.putObject("installed");
        installed.forEach((name, version) -> versions.put(name.value(), version.toString()));
    }
}
