package dev.sluice.control.codec;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Topology;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.PackageChoices;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Upgrade;
import dev.sluice.v1.ClusterStateSnapshot;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pcollections.TreePMap;
import org.pcollections.TreePSet;

/** The whole state as a snapshot's bytes. Stateless; any thread may use it. */
public final class SnapshotCodec {

    /** The most bytes of one snapshot: a state of 10,000 nodes with its upgrade is below 32 MiB. */
    public static final int MAX_SNAPSHOT_BYTES = 256 << 20;

    /**
     * The state's bytes; the same for equal states.
     *
     * @throws EntryTooLargeException above {@link #MAX_SNAPSHOT_BYTES}
     */
    public byte[] encode(ClusterState state) {
        ClusterStateSnapshot snapshot = message(state);
        int size = snapshot.getSerializedSize();
        if (size > MAX_SNAPSHOT_BYTES) {
            throw new EntryTooLargeException(
                    "snapshot at entry " + state.index(), size, MAX_SNAPSHOT_BYTES);
        }
        return snapshot.toByteArray();
    }

    /**
     * The state that a snapshot holds.
     *
     * @throws UnreadableEntryException when a newer release wrote it
     * @throws CorruptEntryException when no release can have written it
     */
    public ClusterState decode(byte[] bytes) {
        if (bytes.length > MAX_SNAPSHOT_BYTES) {
            throw new CorruptEntryException(
                    "snapshot",
                    "expected at most %d bytes, found %d"
                            .formatted(MAX_SNAPSHOT_BYTES, bytes.length));
        }
        return JournalFormat.read(
                "snapshot", bytes, () -> state(ClusterStateSnapshot.parseFrom(bytes)));
    }

    private static ClusterStateSnapshot message(ClusterState state) {
        ClusterStateSnapshot.Builder message =
                ClusterStateSnapshot.newBuilder()
                        .setFormat(JournalFormat.FIRST)
                        .setIndex(state.index())
                        .setFoundingPolicy(PolicyMapping.encode(state.foundingPolicy()))
                        .setConfiguration(ConfigurationMapping.encode(state.configuration()))
                        .addAllOperatorClosed(ValueMapping.encode(state.operatorClosed()))
                        .setFailoverBroken(state.failoverBroken())
                        .setPlans(state.plans());
        Office office = state.office();
        if (office != null) {
            message.setOffice(encode(office));
        }
        Topology topology = state.topology();
        if (topology != null) {
            message.setTopology(TopologyMapping.encode(topology));
        }
        state.packages().values().forEach(pkg -> message.addPackages(PackageMapping.encode(pkg)));
        Upgrade upgrade = state.upgrade();
        if (upgrade != null) {
            message.setUpgrade(UpgradeMapping.encode(upgrade));
        }
        SuccessionMapping.encode(state.succession(), message);
        SupplyMapping.encode(state.supply(), message);
        encode(state.choices(), message);
        if (upgrade != null && !upgrade.replaces().isEmpty()) {
            message.setFormat(Math.max(message.getFormat(), JournalFormat.PACKAGE_REMOVAL));
        }
        return message.build();
    }

    private static ClusterState state(ClusterStateSnapshot message) {
        JournalFormat.known(message);
        JournalFormat.require(message.hasFoundingPolicy(), "founding policy");
        JournalFormat.require(message.hasConfiguration(), "configuration");
        return new ClusterState(
                message.getIndex(),
                message.hasOffice() ? decode(message.getOffice()) : null,
                message.hasTopology() ? TopologyMapping.decode(message.getTopology()) : null,
                PolicyMapping.decode(message.getFoundingPolicy()),
                ConfigurationMapping.decode(message.getConfiguration()),
                packages(message),
                choices(message),
                operatorClosed(message),
                message.getFailoverBroken(),
                SuccessionMapping.decode(message),
                SupplyMapping.decode(message),
                message.getPlans(),
                message.hasUpgrade() ? UpgradeMapping.decode(message.getUpgrade()) : null);
    }

    private static TreePMap<PackageRef, PackageRecord> packages(ClusterStateSnapshot message) {
        SortedMap<PackageRef, PackageRecord> packages = new TreeMap<>();
        for (var each : message.getPackagesList()) {
            PackageRecord pkg = PackageMapping.decode(each);
            ValueMapping.putNew(packages, pkg.ref(), pkg, "package");
        }
        return TreePMap.from(packages);
    }

    /** Raises the snapshot's format when there is anything that older releases do not know. */
    private static void encode(PackageChoices choices, ClusterStateSnapshot.Builder message) {
        if (!choices.equals(PackageChoices.EMPTY)) {
            message.setFormat(Math.max(message.getFormat(), JournalFormat.PACKAGE_CHOICES));
            choices.distributed().forEach(pkg -> message.addDistributed(ValueMapping.encode(pkg)));
        }
    }

    private static PackageChoices choices(ClusterStateSnapshot message) {
        TreePSet<PackageRef> distributed = TreePSet.empty();
        for (var each : message.getDistributedList()) {
            distributed = distributed.plus(ValueMapping.decode(JournalFormat.known(each)));
        }
        if (distributed.size() != message.getDistributedCount()) {
            throw new IllegalArgumentException("a package is listed twice as distributed");
        }
        return new PackageChoices(distributed);
    }

    private static TreePSet<NodeId> operatorClosed(ClusterStateSnapshot message) {
        List<NodeId> closed = ValueMapping.decodeNodes(message.getOperatorClosedList());
        TreePSet<NodeId> set = TreePSet.from(closed);
        if (set.size() != closed.size()) {
            throw new IllegalArgumentException("a node is listed twice as closed");
        }
        return set;
    }

    private static ClusterStateSnapshot.Office encode(Office office) {
        ClusterStateSnapshot.Office.Builder message =
                ClusterStateSnapshot.Office.newBuilder()
                        .setBallot(ValueMapping.encode(office.ballot()));
        NodeId handedTo = office.handedTo();
        if (handedTo != null) {
            message.setHandedTo(handedTo.value());
        }
        return message.build();
    }

    private static Office decode(ClusterStateSnapshot.Office message) {
        JournalFormat.known(message);
        JournalFormat.require(message.hasBallot(), "ballot of the office");
        return new Office(
                ValueMapping.decode(message.getBallot()),
                message.hasHandedTo() ? new NodeId(message.getHandedTo()) : null);
    }
}
