package dev.sluice.control.codec;

import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.PlanGraph;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.StepStatus;
import dev.sluice.control.state.Upgrade;
import dev.sluice.control.state.UpgradeStatus;
import dev.sluice.v1.JournalUpgrade;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pcollections.TreePMap;

/** An upgrade with what is known of its steps, both ways. */
final class UpgradeMapping {

    private UpgradeMapping() {}

    static JournalUpgrade encode(Upgrade upgrade) {
        JournalUpgrade.Builder message =
                JournalUpgrade.newBuilder()
                        .setPlanId(upgrade.id().value())
                        .setBlueprint(BlueprintEncoder.encode(upgrade.blueprint()))
                        .setStatus(encode(upgrade.status()))
                        .addAllHaltReasons(upgrade.haltReasons())
                        .addAllWarnings(upgrade.warnings())
                        .addAllLeftClosed(ValueMapping.encode(upgrade.leftClosed()))
                        .setPlannedBy(upgrade.plannedBy().name())
                        .addAllReplaces(ValueMapping.encodeRefs(upgrade.replaces()));
        Map<StepId, Integer> positions = BlueprintEncoder.positions(upgrade.blueprint().steps());
        upgrade.records()
                .forEach((step, record) -> message.addRecords(encode(positions, step, record)));
        upgrade.setAside()
                .forEach((node, reason) ->
                        message.addSetAside(
                                JournalUpgrade.SetAside.newBuilder()
                                        .setNodeId(node.value())
                                        .setReason(reason)));
        Instant startedAt = upgrade.startedAt();
        if (startedAt != null) {
            message.setStartedAt(ValueMapping.encode(startedAt));
        }
        Instant endedAt = upgrade.endedAt();
        if (endedAt != null) {
            message.setEndedAt(ValueMapping.encode(endedAt));
        }
        return message.build();
    }

    static Upgrade decode(JournalUpgrade message) {
        JournalFormat.known(message);
        JournalFormat.require(message.hasBlueprint(), "upgrade's blueprint");
        Blueprint blueprint = BlueprintDecoder.decode(message.getBlueprint());
        return new Upgrade(
                new PlanId(message.getPlanId()),
                new PlanGraph(blueprint),
                decode(message.getStatus()),
                records(blueprint.steps(), message.getRecordsList()),
                setAside(message.getSetAsideList()),
                message.getHaltReasonsList(),
                message.getWarningsList(),
                ValueMapping.decodeNodes(message.getLeftClosedList()),
                new Actor(message.getPlannedBy()),
                message.hasStartedAt() ? ValueMapping.decode(message.getStartedAt()) : null,
                message.hasEndedAt() ? ValueMapping.decode(message.getEndedAt()) : null,
                ValueMapping.decodeRefs(message.getReplacesList()));
    }

    private static TreePMap<StepId, StepRecord> records(
            List<Step> steps, List<JournalUpgrade.StepRecord> messages) {
        SortedMap<StepId, StepRecord> records = new TreeMap<>();
        for (JournalUpgrade.StepRecord message : messages) {
            JournalFormat.known(message);
            int position = message.getStep();
            if (position < 0 || position >= steps.size()) {
                throw new IllegalArgumentException(
                        "record of the step at position %s: expected one of the %d of the blueprint"
                                .formatted(Integer.toUnsignedString(position), steps.size()));
            }
            ValueMapping.putNew(records, steps.get(position).id(), decode(message), "step");
        }
        return TreePMap.from(records);
    }

    private static TreePMap<NodeId, String> setAside(List<JournalUpgrade.SetAside> messages) {
        SortedMap<NodeId, String> setAside = new TreeMap<>();
        for (JournalUpgrade.SetAside message : messages) {
            JournalFormat.known(message);
            ValueMapping.putNew(
                    setAside, new NodeId(message.getNodeId()), message.getReason(), "node");
        }
        return TreePMap.from(setAside);
    }

    private static JournalUpgrade.StepRecord encode(
            Map<StepId, Integer> positions, StepId step, StepRecord record) {
        Integer position = positions.get(step);
        if (position == null) {
            throw new IllegalArgumentException(
                    "a record is of step %s, which is not in the blueprint".formatted(step));
        }
        JournalUpgrade.StepRecord.Builder message =
                JournalUpgrade.StepRecord.newBuilder()
                        .setStep(position)
                        .setStatus(encode(record.status()))
                        .setAttempts(record.attempts())
                        .setFailures(record.failures())
                        .setHeldClients(record.heldClients());
        Instant startedAt = record.startedAt();
        if (startedAt != null) {
            message.setStartedAt(ValueMapping.encode(startedAt));
        }
        Instant endedAt = record.endedAt();
        if (endedAt != null) {
            message.setEndedAt(ValueMapping.encode(endedAt));
        }
        String lastFailure = record.lastFailure();
        if (lastFailure != null) {
            message.setLastFailure(lastFailure);
        }
        DrainDecision decision = record.drainDecision();
        if (decision != null) {
            message.setDrainDecision(DrainDecisionMapping.encode(decision));
        }
        Boolean confirmed = record.confirmed();
        if (confirmed != null) {
            message.setConfirmed(confirmed);
        }
        return message.build();
    }

    private static StepRecord decode(JournalUpgrade.StepRecord message) {
        return new StepRecord(
                decode(message.getStatus()),
                message.getAttempts(),
                message.getFailures(),
                message.hasStartedAt() ? ValueMapping.decode(message.getStartedAt()) : null,
                message.hasEndedAt() ? ValueMapping.decode(message.getEndedAt()) : null,
                message.hasLastFailure() ? message.getLastFailure() : null,
                message.getHeldClients(),
                message.hasDrainDecision()
                        ? DrainDecisionMapping.decode(message.getDrainDecision())
                        : null,
                message.hasConfirmed() ? (Boolean) message.getConfirmed() : null);
    }

    private static JournalUpgrade.Status encode(UpgradeStatus status) {
        return switch (status) {
            case PLANNED -> JournalUpgrade.Status.STATUS_PLANNED;
            case RUNNING -> JournalUpgrade.Status.STATUS_RUNNING;
            case PAUSED -> JournalUpgrade.Status.STATUS_PAUSED;
            case HALTED -> JournalUpgrade.Status.STATUS_HALTED;
            case ABORTING -> JournalUpgrade.Status.STATUS_ABORTING;
            case ABORTED -> JournalUpgrade.Status.STATUS_ABORTED;
            case COMPLETED -> JournalUpgrade.Status.STATUS_COMPLETED;
        };
    }

    private static UpgradeStatus decode(JournalUpgrade.Status status) {
        return switch (status) {
            case STATUS_PLANNED -> UpgradeStatus.PLANNED;
            case STATUS_RUNNING -> UpgradeStatus.RUNNING;
            case STATUS_PAUSED -> UpgradeStatus.PAUSED;
            case STATUS_HALTED -> UpgradeStatus.HALTED;
            case STATUS_ABORTING -> UpgradeStatus.ABORTING;
            case STATUS_ABORTED -> UpgradeStatus.ABORTED;
            case STATUS_COMPLETED -> UpgradeStatus.COMPLETED;
            case STATUS_UNSPECIFIED -> throw JournalFormat.missing("upgrade's status");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("an upgrade's status");
        };
    }

    private static JournalUpgrade.StepRecord.Status encode(StepStatus status) {
        return switch (status) {
            case PENDING -> JournalUpgrade.StepRecord.Status.STATUS_PENDING;
            case RUNNING -> JournalUpgrade.StepRecord.Status.STATUS_RUNNING;
            case SUCCEEDED -> JournalUpgrade.StepRecord.Status.STATUS_SUCCEEDED;
            case SKIPPED -> JournalUpgrade.StepRecord.Status.STATUS_SKIPPED;
        };
    }

    private static StepStatus decode(JournalUpgrade.StepRecord.Status status) {
        return switch (status) {
            case STATUS_PENDING -> StepStatus.PENDING;
            case STATUS_RUNNING -> StepStatus.RUNNING;
            case STATUS_SUCCEEDED -> StepStatus.SUCCEEDED;
            case STATUS_SKIPPED -> StepStatus.SKIPPED;
            case STATUS_UNSPECIFIED -> throw JournalFormat.missing("step's status");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("a step's status");
        };
    }
}
