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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * Writes one blueprint. Names that recur are listed once, in the order in which they are first met,
 * and meant by their position from then on.
 */
final class BlueprintEncoder {

    private final Blueprint blueprint;
    private final Map<StepId, Integer> steps;
    private final Map<NodeId, Integer> nodes = new LinkedHashMap<>();
    private final Map<RegionId, Integer> regions = new LinkedHashMap<>();
    private final Map<PackageRef, Integer> packages = new LinkedHashMap<>();
    private final Map<SortedMap<PackageName, Version>, Integer> versionSets = new LinkedHashMap<>();

    private BlueprintEncoder(Blueprint blueprint) {
        this.blueprint = blueprint;
        this.steps = HashMap.newHashMap(blueprint.steps().size());
    }

    static JournalBlueprint encode(Blueprint blueprint) {
        return new BlueprintEncoder(blueprint).encode();
    }

    /** The place of each step, as messages mean it. */
    static Map<StepId, Integer> positions(List<Step> steps) {
        Map<StepId, Integer> positions = HashMap.newHashMap(steps.size());
        for (int i = 0; i < steps.size(); i++) {
            StepId id = steps.get(i).id();
            ValueMapping.putNew(positions, id, i, "step");
        }
        return positions;
    }

    private JournalBlueprint encode() {
        steps.putAll(positions(blueprint.steps()));
        JournalBlueprint.Builder message =
                JournalBlueprint.newBuilder()
                        .setStrategy(BlueprintEnums.encode(blueprint.strategy()))
                        .addAllTarget(ValueMapping.encode(blueprint.target()))
                        .setPolicy(PolicyMapping.encode(blueprint.policy()))
                        .setWithoutBackup(blueprint.withoutBackup());
        blueprint.path().forEach(ref -> message.addPath(ValueMapping.encode(ref)));
        blueprint.halves().forEach((region, halves) -> message.addHalves(encode(region, halves)));
        for (int i = 0; i < blueprint.steps().size(); i++) {
            message.addSteps(encode(i, blueprint.steps().get(i)));
        }
        nodes.keySet().forEach(node -> message.addNodes(node.value()));
        regions.keySet().forEach(region -> message.addRegions(region.value()));
        packages.keySet().forEach(ref -> message.addPackages(ValueMapping.encode(ref)));
        versionSets
                .keySet()
                .forEach(set ->
                        message.addVersionSets(
                                JournalBlueprint.VersionSet.newBuilder()
                                        .addAllVersions(ValueMapping.encode(set))));
        return message.build();
    }

    private JournalBlueprint.Halves encode(RegionId region, Halves halves) {
        JournalBlueprint.Halves.Builder message =
                JournalBlueprint.Halves.newBuilder().setRegion(position(regions, region));
        halves.first().forEach(node -> message.addFirst(position(nodes, node)));
        halves.second().forEach(node -> message.addSecond(position(nodes, node)));
        for (List<NodeId> wave : halves.waves()) {
            JournalBlueprint.Wave.Builder nodesOfWave = JournalBlueprint.Wave.newBuilder();
            wave.forEach(node -> nodesOfWave.addNodes(position(nodes, node)));
            message.addWaves(nodesOfWave);
        }
        return message.build();
    }

    private JournalBlueprint.Step encode(int position, Step step) {
        JournalBlueprint.Step.Builder message =
                JournalBlueprint.Step.newBuilder()
                        .setId(step.id().value())
                        .setPass(step.pass())
                        .setPhase(BlueprintEnums.encode(step.phase()))
                        .setRegion(position(regions, step.region()))
                        .setNode(position(nodes, step.node()));
        for (StepId before : step.after()) {
            Integer place = steps.get(before);
            if (place == null) {
                throw new IllegalArgumentException(
                        "step %s waits for step %s, which is not in its blueprint"
                                .formatted(step.id(), before));
            }
            message.addAfter(position - place);
        }
        setWork(message, step.work());
        return message.build();
    }

    private void setWork(JournalBlueprint.Step.Builder step, Work work) {
        switch (work) {
            case Work.Backup _ -> step.setBackup(JournalBlueprint.Backup.getDefaultInstance());
            case Work.Sync(var _, var to) -> step.getSyncBuilder().setTo(position(nodes, to));
            case Work.BreakFailover _ ->
                    step.setBreakFailover(JournalBlueprint.BreakFailover.getDefaultInstance());
            case Work.Distribute(var _, var pkg) ->
                    step.getDistributeBuilder().setPackage(position(packages, pkg));
            case Work.AwaitWindow _ ->
                    step.setAwaitWindow(JournalBlueprint.AwaitWindow.getDefaultInstance());
            case Work.CloseAdmission _ ->
                    step.setCloseAdmission(JournalBlueprint.CloseAdmission.getDefaultInstance());
            case Work.Drain _ -> step.setDrain(JournalBlueprint.Drain.getDefaultInstance());
            case Work.Install(var _, var pkg) ->
                    step.getInstallBuilder().setPackage(position(packages, pkg));
            case Work.Verify(var _, var expected) ->
                    step.getVerifyBuilder().setExpected(position(versionSets, expected));
            case Work.VerifyCluster(var _, var gate) ->
                    step.getVerifyClusterBuilder().setGate(BlueprintEnums.encode(gate));
            case Work.Soak(var _, var after, var duration) ->
                    step.getSoakBuilder()
                            .setPackage(position(packages, after))
                            .setDuration(ValueMapping.encode(duration));
            case Work.AwaitClients(var _, var after) ->
                    step.getAwaitClientsBuilder().setPackage(position(packages, after));
            case Work.Promote(var _, var from) ->
                    step.getPromoteBuilder().setFrom(position(nodes, from));
            case Work.SwitchAddress(var _, var from) ->
                    step.getSwitchAddressBuilder().setFrom(position(nodes, from));
            case Work.OpenAdmission _ ->
                    step.setOpenAdmission(JournalBlueprint.OpenAdmission.getDefaultInstance());
            case Work.Resync _ -> step.setResync(JournalBlueprint.Resync.getDefaultInstance());
            case Work.RestoreFailover(var _, var backup) ->
                    step.getRestoreFailoverBuilder().setBackup(position(nodes, backup));
            case Work.Freeze _ -> step.setFreeze(JournalBlueprint.Freeze.getDefaultInstance());
            case Work.Unfreeze _ ->
                    step.setUnfreeze(JournalBlueprint.Unfreeze.getDefaultInstance());
            case Work.Confirm _ -> step.setConfirm(JournalBlueprint.Confirm.getDefaultInstance());
            case Work.Finalise _ ->
                    step.setFinalise(JournalBlueprint.Finalise.getDefaultInstance());
        }
    }

    private static <T> int position(Map<T, Integer> table, T value) {
        Integer known = table.get(value);
        if (known != null) {
            return known;
        }
        int next = table.size();
        table.put(value, next);
        return next;
    }
}
