package dev.sluice.control.codec;

import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.ZoneId;
import dev.sluice.v1.JournalTopology;

/** The inventory, both ways. */
final class TopologyMapping {

    private TopologyMapping() {}

    static JournalTopology encode(Topology topology) {
        JournalTopology.Builder message = JournalTopology.newBuilder().setName(topology.name());
        topology.masters().forEach(master -> message.addMasters(encode(master)));
        topology.nodes().forEach(node -> message.addNodes(encode(node)));
        return message.build();
    }

    static Topology decode(JournalTopology message) {
        JournalFormat.known(message);
        return new Topology(
                message.getName(),
                message.getMastersList().stream().map(TopologyMapping::decode).toList(),
                message.getNodesList().stream().map(TopologyMapping::decode).toList());
    }

    private static JournalTopology.Master encode(Master master) {
        return JournalTopology.Master.newBuilder()
                .setId(master.id().value())
                .setRole(encode(master.role()))
                .setRegion(master.region().value())
                .setHardware(master.hardware().value())
                .addAllInstalled(ValueMapping.encode(master.installed()))
                .build();
    }

    private static Master decode(JournalTopology.Master message) {
        JournalFormat.known(message);
        return new Master(
                new NodeId(message.getId()),
                decode(message.getRole()),
                new RegionId(message.getRegion()),
                new HardwareModel(message.getHardware()),
                ValueMapping.decodeVersions(message.getInstalledList()));
    }

    private static JournalTopology.TrafficNode encode(TrafficNode node) {
        JournalTopology.TrafficNode.Builder message =
                JournalTopology.TrafficNode.newBuilder()
                        .setId(node.id().value())
                        .setRegion(node.region().value())
                        .setHardware(node.hardware().value())
                        .setCapacity(node.capacity())
                        .setConnected(node.connected())
                        .setAccepting(node.accepting())
                        .setHealthy(node.healthy())
                        .addAllInstalled(ValueMapping.encode(node.installed()));
        ZoneId zone = node.zone();
        if (zone != null) {
            message.setZone(zone.value());
        }
        return message.build();
    }

    private static TrafficNode decode(JournalTopology.TrafficNode message) {
        JournalFormat.known(message);
        return new TrafficNode(
                new NodeId(message.getId()),
                new RegionId(message.getRegion()),
                message.hasZone() ? new ZoneId(message.getZone()) : null,
                new HardwareModel(message.getHardware()),
                message.getCapacity(),
                message.getConnected(),
                message.getAccepting(),
                message.getHealthy(),
                ValueMapping.decodeVersions(message.getInstalledList()));
    }

    private static JournalTopology.Master.Role encode(MasterRole role) {
        return switch (role) {
            case PRIMARY -> JournalTopology.Master.Role.ROLE_PRIMARY;
            case BACKUP -> JournalTopology.Master.Role.ROLE_BACKUP;
        };
    }

    private static MasterRole decode(JournalTopology.Master.Role role) {
        return switch (role) {
            case ROLE_PRIMARY -> MasterRole.PRIMARY;
            case ROLE_BACKUP -> MasterRole.BACKUP;
            case ROLE_UNSPECIFIED -> throw JournalFormat.missing("master's role");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("a master's role");
        };
    }
}
