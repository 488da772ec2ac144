package dev.sluice.control.codec;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Halves;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.Work;
import dev.sluice.v1.JournalBlueprint;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads one blueprint; equal names become the same object, which a large plan's memory needs. */
final class BlueprintDecoder {

    private final JournalBlueprint message;
    private final List<NodeId> nodes;
    private final List<RegionId> regions;
    private final List<PackageRef> packages;
    private final List<SortedMap<PackageName, Version>> versionSets;
    private final List<StepId> steps;

    private BlueprintDecoder(JournalBlueprint message) {
        this.message = JournalFormat.known(message);
        this.nodes = ValueMapping.decodeNodes(message.getNodesList());
        this.regions = message.getRegionsList().stream().map(RegionId::new).toList();
        this.packages = message.getPackagesList().stream().map(ValueMapping::decode).toList();
        this.versionSets =
                message.getVersionSetsList().stream()
                        .map(JournalFormat::known)
                        .map(set -> ValueMapping.decodeVersions(set.getVersionsList()))
                        .toList();
        this.steps = message.getStepsList().stream().map(s -> new StepId(s.getId())).toList();
    }

    static Blueprint decode(JournalBlueprint message) {
        return new BlueprintDecoder(message).decode();
    }

    private Blueprint decode() {
        JournalFormat.require(message.hasPolicy(), "blueprint's policy");
        List<Step> decoded = new ArrayList<>(steps.size());
        for (int i = 0; i < steps.size(); i++) {
            decoded.add(step(i, JournalFormat.known(message.getSteps(i))));
        }
        return new Blueprint(
                BlueprintEnums.decode(message.getStrategy()),
                ValueMapping.decodeVersions(message.getTargetList()),
                message.getPathList().stream().map(ValueMapping::decode).toList(),
                halves(),
                decoded,
                PolicyMapping.decode(message.getPolicy()),
                message.getWithoutBackup());
    }

    private SortedMap<RegionId, Halves> halves() {
        SortedMap<RegionId, Halves> halves = new TreeMap<>();
        for (JournalBlueprint.Halves each : message.getHalvesList()) {
            JournalFormat.known(each);
            ValueMapping.putNew(
                    halves,
                    at(regions, each.getRegion(), "region"),
                    new Halves(
                            nodesAt(each.getFirstList()),
                            nodesAt(each.getSecondList()),
                            each.getWavesList().stream()
                                    .map(JournalFormat::known)
                                    .map(wave -> nodesAt(wave.getNodesList()))
                                    .toList()),
                    "region");
        }
        return halves;
    }

    private List<NodeId> nodesAt(List<Integer> positions) {
        return positions.stream().map(position -> at(nodes, position, "node")).toList();
    }

    private Step step(int position, JournalBlueprint.Step step) {
        List<StepId> after = new ArrayList<>(step.getAfterCount());
        for (int i = 0; i < step.getAfterCount(); i++) {
            after.add(at(steps, position - step.getAfter(i), "step"));
        }
        return new Step(
                steps.get(position),
                step.getPass(),
                BlueprintEnums.decode(step.getPhase()),
                at(regions, step.getRegion(), "region"),
                work(at(nodes, step.getNode(), "node"), step),
                after);
    }

    private Work work(NodeId node, JournalBlueprint.Step step) {
        return switch (step.getWorkCase()) {
            case BACKUP -> only(step.getBackup(), new Work.Backup(node));
            case SYNC ->
                    new Work.Sync(
                            node, at(nodes, JournalFormat.known(step.getSync()).getTo(), "node"));
            case BREAK_FAILOVER -> only(step.getBreakFailover(), new Work.BreakFailover(node));
            case DISTRIBUTE ->
                    new Work.Distribute(
                            node, pkg(JournalFormat.known(step.getDistribute()).getPackage()));
            case AWAIT_WINDOW -> only(step.getAwaitWindow(), new Work.AwaitWindow(node));
            case CLOSE_ADMISSION -> only(step.getCloseAdmission(), new Work.CloseAdmission(node));
            case DRAIN -> only(step.getDrain(), new Work.Drain(node));
            case INSTALL ->
                    new Work.Install(
                            node, pkg(JournalFormat.known(step.getInstall()).getPackage()));
            case VERIFY ->
                    new Work.Verify(
                            node,
                            at(
                                    versionSets,
                                    JournalFormat.known(step.getVerify()).getExpected(),
                                    "version set"));
            case VERIFY_CLUSTER ->
                    new Work.VerifyCluster(
                            node,
                            BlueprintEnums.decode(
                                    JournalFormat.known(step.getVerifyCluster()).getGate()));
            case SOAK -> soak(node, JournalFormat.known(step.getSoak()));
            case AWAIT_CLIENTS ->
                    new Work.AwaitClients(
                            node, pkg(JournalFormat.known(step.getAwaitClients()).getPackage()));
            case PROMOTE ->
                    new Work.Promote(
                            node,
                            at(nodes, JournalFormat.known(step.getPromote()).getFrom(), "node"));
            case SWITCH_ADDRESS ->
                    new Work.SwitchAddress(
                            node,
                            at(
                                    nodes,
                                    JournalFormat.known(step.getSwitchAddress()).getFrom(),
                                    "node"));
            case OPEN_ADMISSION -> only(step.getOpenAdmission(), new Work.OpenAdmission(node));
            case RESYNC -> only(step.getResync(), new Work.Resync(node));
            case RESTORE_FAILOVER ->
                    new Work.RestoreFailover(
                            node,
                            at(
                                    nodes,
                                    JournalFormat.known(step.getRestoreFailover()).getBackup(),
                                    "node"));
            case FREEZE -> only(step.getFreeze(), new Work.Freeze(node));
            case UNFREEZE -> only(step.getUnfreeze(), new Work.Unfreeze(node));
            case CONFIRM -> only(step.getConfirm(), new Work.Confirm(node));
            case FINALISE -> only(step.getFinalise(), new Work.Finalise(node));
            case WORK_NOT_SET ->
                    throw JournalFormat.missing("work of step %s".formatted(step.getId()));
        };
    }

    private Work soak(NodeId node, JournalBlueprint.Soak soak) {
        JournalFormat.require(soak.hasDuration(), "soak's duration");
        return new Work.Soak(node, pkg(soak.getPackage()), ValueMapping.decode(soak.getDuration()));
    }

    private PackageRef pkg(int position) {
        return at(packages, position, "package");
    }

    /** Work that says nothing but its node. */
    private static Work only(com.google.protobuf.Message detail, Work work) {
        JournalFormat.known(detail);
        return work;
    }

    private static <T> T at(List<T> table, int position, String what) {
        if (position < 0 || position >= table.size()) {
            throw new IllegalArgumentException(
                    "%s at position %s: expected one of the %d listed"
                            .formatted(what, Integer.toUnsignedString(position), table.size()));
        }
        return table.get(position);
    }
}
