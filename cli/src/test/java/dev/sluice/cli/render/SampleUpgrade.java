package dev.sluice.cli.render;

import com.google.protobuf.Timestamp;
import dev.sluice.v1.MasterStatus;
import dev.sluice.v1.NodeProgress;
import dev.sluice.v1.PhaseTiming;
import dev.sluice.v1.RegionProgress;
import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.UpgradeSummary;
import dev.sluice.v1.Waiting;
import dev.sluice.v1.WatchUpgradeResponse;
import java.time.Instant;
import java.util.Map;

/** Two moments of one small upgrade. */
public final class SampleUpgrade {
    private static final Map<String, String> OLD = Map.of("base", "6.2.0", "site", "24.1.0");
    private static final Map<String, String> NEW = Map.of("base", "7.0.0", "site", "25.1.0");

    private SampleUpgrade() {}

    /** The first half drains. */
    public static WatchUpgradeResponse draining() {
        return WatchUpgradeResponse.newBuilder()
                .setSummary(summary(UpgradeState.UPGRADE_STATE_RUNNING, "FIRST_HALF", 11))
                .setPrimary("m-a")
                .addMasters(master("m-a", "eu", "PRIMARY", OLD))
                .addMasters(master("m-b", "us", "BACKUP", OLD))
                .addRegions(
                        RegionProgress.newBuilder()
                                .setRegion("eu")
                                .setNodes(2)
                                .setAccepting(1)
                                .setRequiredAccepting(1)
                                .setSessions(240)
                                .addNodeProgress(node("eu-1", 2, "PENDING", "", true, 212, OLD))
                                .addNodeProgress(
                                        node("eu-2", 1, "ACTIVE", "DRAIN", false, 28, OLD)))
                .addWaiting(
                        Waiting.newBuilder()
                                .setStepId("s9")
                                .setKind("DRAIN")
                                .setSubject("eu-2")
                                .setReason("28 clients are still connected; held at 12:00")
                                .setAttempt(1)
                                .setSince(at("2026-03-01T10:00:12Z")))
                .addPhases(
                        phase("PREPARE", 10, 10, "2026-03-01T09:59:00Z", "2026-03-01T10:00:10.4Z"))
                .addPhases(
                        PhaseTiming.newBuilder()
                                .setPass(1)
                                .setPhase("FIRST_HALF")
                                .setStarted(at("2026-03-01T10:00:10.4Z"))
                                .setStepsTotal(8)
                                .setStepsDone(1))
                .addPhases(
                        PhaseTiming.newBuilder()
                                .setPass(1)
                                .setPhase("SECOND_HALF")
                                .setStepsTotal(8))
                .build();
    }

    /** The failure budget is spent. */
    public static WatchUpgradeResponse halted() {
        return draining().toBuilder()
                .setSummary(
                        draining().getSummary().toBuilder()
                                .setState(UpgradeState.UPGRADE_STATE_HALTED))
                .clearWaiting()
                .addHaltReasons("region eu: 2 nodes failed, the budget is 1")
                .build();
    }

    /** All is done, m-b is the primary. */
    public static WatchUpgradeResponse completed() {
        return WatchUpgradeResponse.newBuilder()
                .setSummary(summary(UpgradeState.UPGRADE_STATE_COMPLETED, "RESTORE", 40))
                .setPrimary("m-b")
                .addMasters(master("m-a", "eu", "BACKUP", NEW))
                .addMasters(master("m-b", "us", "PRIMARY", NEW))
                .addRegions(
                        RegionProgress.newBuilder()
                                .setRegion("eu")
                                .setNodes(2)
                                .setAccepting(2)
                                .setRequiredAccepting(1)
                                .setSessions(238)
                                .addNodeProgress(node("eu-1", 2, "DONE", "", true, 120, NEW))
                                .addNodeProgress(node("eu-2", 1, "DONE", "", true, 118, NEW)))
                .addPhases(
                        phase("PREPARE", 10, 10, "2026-03-01T09:59:00Z", "2026-03-01T10:00:10.4Z"))
                .addPhases(
                        phase("RESTORE", 30, 30, "2026-03-01T10:00:10.4Z", "2026-03-01T11:30:00Z"))
                .build();
    }

    private static UpgradeSummary summary(UpgradeState state, String phase, int done) {
        return UpgradeSummary.newBuilder()
                .setPlanId("p-7")
                .setState(state)
                .setPhase(phase)
                .putTarget("site", "25.1.0")
                .setStepsTotal(40)
                .setStepsDone(done)
                .build();
    }

    private static MasterStatus master(
            String id, String region, String role, Map<String, String> installed) {
        return MasterStatus.newBuilder()
                .setId(id)
                .setRegion(region)
                .setRole(role)
                .putAllInstalled(installed)
                .setControlPlaneVersion(installed.getOrDefault("site", ""))
                .setConnected(true)
                .build();
    }

    private static NodeProgress node(
            String id,
            int half,
            String state,
            String step,
            boolean accepting,
            int sessions,
            Map<String, String> installed) {
        return NodeProgress.newBuilder()
                .setNode(id)
                .setHalf(half)
                .setState(state)
                .setStep(step)
                .setAccepting(accepting)
                .setSessions(sessions)
                .putAllInstalled(installed)
                .build();
    }

    private static PhaseTiming phase(String name, int total, int done, String from, String to) {
        return PhaseTiming.newBuilder()
                .setPass(1)
                .setPhase(name)
                .setStarted(at(from))
                .setEnded(at(to))
                .setStepsTotal(total)
                .setStepsDone(done)
                .build();
    }

    private static Timestamp at(String instant) {
        Instant time = Instant.parse(instant);
        return Timestamp.newBuilder()
                .setSeconds(time.getEpochSecond())
                .setNanos(time.getNano())
                .build();
    }
}
