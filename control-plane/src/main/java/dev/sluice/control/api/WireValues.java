package dev.sluice.control.api;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Configuration;
import dev.sluice.control.state.UpgradeStatus;
import dev.sluice.v1.ForcedChange;
import dev.sluice.v1.UpgradeState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Values as the operator's service spells them. */
final class WireValues {

    private WireValues() {}

    static Timestamp of(Instant at) {
        return Timestamp.newBuilder()
                .setSeconds(at.getEpochSecond())
                .setNanos(at.getNano())
                .build();
    }

    static Duration of(java.time.Duration duration) {
        return Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }

    static dev.sluice.v1.Ballot of(Ballot ballot) {
        return dev.sluice.v1.Ballot.newBuilder()
                .setGeneration(ballot.generation())
                .setCounter(ballot.counter())
                .setMasterId(ballot.master().value())
                .setIncarnation(ballot.incarnation())
                .build();
    }

    static dev.sluice.v1.PackageRef of(PackageRef ref) {
        return dev.sluice.v1.PackageRef.newBuilder()
                .setName(ref.name().value())
                .setVersion(ref.version().toString())
                .build();
    }

    static Map<String, String> of(Map<PackageName, Version> versions) {
        Map<String, String> texts = new TreeMap<>();
        versions.forEach((name, version) -> texts.put(name.value(), version.toString()));
        return texts;
    }

    /** The changes forced while it was frozen, oldest first, with what became of each. */
    static List<ForcedChange> forced(Configuration configuration) {
        boolean frozen = configuration.frozenBy() != null;
        return configuration.forced().stream().map(change -> forced(change, frozen)).toList();
    }

    private static ForcedChange forced(Configuration.ForcedChange change, boolean frozen) {
        String kept = frozen ? "PENDING" : "KEPT";
        ForcedChange.Builder wire =
                ForcedChange.newBuilder()
                        .setKey(change.key())
                        .setActor(change.actor().name())
                        .setAt(of(change.at()))
                        .setOverwritten(change.overwritten())
                        .setFate(change.overwritten() ? "OVERWRITTEN" : kept);
        if (change.frozenValue() != null) {
            wire.setFrozenValue(change.frozenValue());
        }
        if (change.forcedValue() != null) {
            wire.setForcedValue(change.forcedValue());
        }
        return wire.build();
    }

    static UpgradeState of(UpgradeStatus status) {
        return switch (status) {
            case PLANNED -> UpgradeState.UPGRADE_STATE_PLANNED;
            case RUNNING -> UpgradeState.UPGRADE_STATE_RUNNING;
            case PAUSED -> UpgradeState.UPGRADE_STATE_PAUSED;
            case HALTED -> UpgradeState.UPGRADE_STATE_HALTED;
            case ABORTING -> UpgradeState.UPGRADE_STATE_ABORTING;
            case ABORTED -> UpgradeState.UPGRADE_STATE_ABORTED;
            case COMPLETED -> UpgradeState.UPGRADE_STATE_COMPLETED;
        };
    }
}
