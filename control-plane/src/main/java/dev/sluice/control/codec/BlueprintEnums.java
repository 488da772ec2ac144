package dev.sluice.control.codec;

import dev.sluice.control.model.Phase;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Work;
import dev.sluice.v1.JournalBlueprint;
import dev.sluice.v1.JournalBlueprint.VerifyCluster;

/** The alternatives that a blueprint names, both ways; each by hand, so that renaming is safe. */
final class BlueprintEnums {

    private BlueprintEnums() {}

    static JournalBlueprint.Strategy encode(Strategy strategy) {
        return switch (strategy) {
            case SINGLE -> JournalBlueprint.Strategy.STRATEGY_SINGLE;
            case PAIR_SYNC -> JournalBlueprint.Strategy.STRATEGY_PAIR_SYNC;
            case PAIR_ASYNC -> JournalBlueprint.Strategy.STRATEGY_PAIR_ASYNC;
            case CLUSTER -> JournalBlueprint.Strategy.STRATEGY_CLUSTER;
            case CLUSTER_SINGLE_MASTER -> JournalBlueprint.Strategy.STRATEGY_CLUSTER_SINGLE_MASTER;
            case REPLACE_HARDWARE -> JournalBlueprint.Strategy.STRATEGY_REPLACE_HARDWARE;
            case ROLLBACK -> JournalBlueprint.Strategy.STRATEGY_ROLLBACK;
        };
    }

    static Strategy decode(JournalBlueprint.Strategy strategy) {
        return switch (strategy) {
            case STRATEGY_SINGLE -> Strategy.SINGLE;
            case STRATEGY_PAIR_SYNC -> Strategy.PAIR_SYNC;
            case STRATEGY_PAIR_ASYNC -> Strategy.PAIR_ASYNC;
            case STRATEGY_CLUSTER -> Strategy.CLUSTER;
            case STRATEGY_CLUSTER_SINGLE_MASTER -> Strategy.CLUSTER_SINGLE_MASTER;
            case STRATEGY_REPLACE_HARDWARE -> Strategy.REPLACE_HARDWARE;
            case STRATEGY_ROLLBACK -> Strategy.ROLLBACK;
            case STRATEGY_UNSPECIFIED -> throw JournalFormat.missing("blueprint's strategy");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("a blueprint's strategy");
        };
    }

    static JournalBlueprint.Phase encode(Phase phase) {
        return switch (phase) {
            case PREPARE -> JournalBlueprint.Phase.PHASE_PREPARE;
            case FIRST_HALF -> JournalBlueprint.Phase.PHASE_FIRST_HALF;
            case BACKUP_MASTER -> JournalBlueprint.Phase.PHASE_BACKUP_MASTER;
            case PROMOTION -> JournalBlueprint.Phase.PHASE_PROMOTION;
            case SECOND_HALF -> JournalBlueprint.Phase.PHASE_SECOND_HALF;
            case OLD_PRIMARY -> JournalBlueprint.Phase.PHASE_OLD_PRIMARY;
            case RESTORE -> JournalBlueprint.Phase.PHASE_RESTORE;
        };
    }

    static Phase decode(JournalBlueprint.Phase phase) {
        return switch (phase) {
            case PHASE_PREPARE -> Phase.PREPARE;
            case PHASE_FIRST_HALF -> Phase.FIRST_HALF;
            case PHASE_BACKUP_MASTER -> Phase.BACKUP_MASTER;
            case PHASE_PROMOTION -> Phase.PROMOTION;
            case PHASE_SECOND_HALF -> Phase.SECOND_HALF;
            case PHASE_OLD_PRIMARY -> Phase.OLD_PRIMARY;
            case PHASE_RESTORE -> Phase.RESTORE;
            case PHASE_UNSPECIFIED -> throw JournalFormat.missing("step's phase");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("a step's phase");
        };
    }

    static VerifyCluster.Gate encode(Work.Gate gate) {
        return switch (gate) {
            case PACKAGES_STAGED -> VerifyCluster.Gate.GATE_PACKAGES_STAGED;
            case HALF_UPGRADED -> VerifyCluster.Gate.GATE_HALF_UPGRADED;
            case ALL_UPGRADED -> VerifyCluster.Gate.GATE_ALL_UPGRADED;
        };
    }

    static Work.Gate decode(VerifyCluster.Gate gate) {
        return switch (gate) {
            case GATE_PACKAGES_STAGED -> Work.Gate.PACKAGES_STAGED;
            case GATE_HALF_UPGRADED -> Work.Gate.HALF_UPGRADED;
            case GATE_ALL_UPGRADED -> Work.Gate.ALL_UPGRADED;
            case GATE_UNSPECIFIED -> throw JournalFormat.missing("gate");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("a gate");
        };
    }
}
