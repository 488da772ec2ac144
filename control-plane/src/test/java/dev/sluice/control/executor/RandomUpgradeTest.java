package dev.sluice.control.executor;

import static dev.sluice.control.executor.UpgradeScenario.ALICE;
import static dev.sluice.control.executor.UpgradeScenario.cluster;
import static dev.sluice.control.executor.UpgradeScenario.started;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.Policy.OnDeadline;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.UpgradeStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole upgrades under seeded faults: messages and outcomes are lost, nodes are slow, vanish, fall
 * silent and fail, and the control plane ends in the middle of a pass. What may never happen is
 * checked by the scenario all the time; here, that the upgrade ends once the faults do.
 */
class RandomUpgradeTest {

    private static final int TICKS_WITH_FAULTS = 400;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    @Tag("CLU-3")
    @Tag("CLU-14")
    @Tag("CLU-15")
    void endsUpgradedWithEachInstallDoneOnceWhateverFailedOnTheWay(long seed) {
        Random random = new Random(seed);
        UpgradeScenario upgrade = started(cluster().policy(Policies.drain(30, OnDeadline.WAIT)));
        upgrade.losesCommand = _ -> random.nextInt(10) == 0;
        upgrade.forgetsOutcome = _ -> random.nextInt(5) == 0;
        Faults faults = new Faults(random, upgrade);

        for (int i = 0; i < TICKS_WITH_FAULTS && !upgrade.upgrade().status().isOver(); i++) {
            faults.strike();
            upgrade.tick(random.nextInt(8) == 0 ? random.nextInt(6) : Integer.MAX_VALUE);
            resumeWhenHalted(upgrade);
        }
        faults.end();
        upgrade.runUntil(
                "ended with seed " + seed,
                () -> upgrade.upgrade().status().isOver(),
                RandomUpgradeTest::resumeWhenHalted);

        assertThat(upgrade.status()).isEqualTo(UpgradeStatus.COMPLETED);
        assertThat(upgrade.upgrade().setAside()).as("nothing failed three times").isEmpty();
        assertThat(upgrade.nodes.values())
                .allSatisfy(node -> {
                    assertThat(node.installs)
                            .as("installs of %s", node.id)
                            .containsExactly(Fixture.ref("base 7.0.0"), Fixture.ref("site 24.3.0"));
                    assertThat(node.accepting).isEqualTo(!node.master);
                });
    }

    private static void resumeWhenHalted(UpgradeScenario upgrade) {
        if (upgrade.status() == UpgradeStatus.HALTED) {
            upgrade.accepted(new Command.ResumeUpgrade(ALICE));
        }
    }

    /** Faults that pass by themselves within seconds, so that no attempt fails for good. */
    private static final class Faults {
        private final Random random;
        private final UpgradeScenario upgrade;
        private final List<Runnable> repairs = new ArrayList<>();

        Faults(Random random, UpgradeScenario upgrade) {
            this.random = random;
            this.upgrade = upgrade;
            upgrade.nodes
                    .values()
                    .forEach(node -> {
                        node.ticksOfWork = random.nextInt(12);
                        node.leavingPerTick = random.nextInt(4);
                        node.installsToFail = random.nextInt(2);
                        node.stagingsToFail = random.nextInt(3);
                    });
        }

        void strike() {
            if (random.nextInt(4) == 0) {
                repairs.forEach(Runnable::run);
                repairs.clear();
            }
            for (FakeNode node : upgrade.nodes.values()) {
                strike(node);
            }
            if (random.nextInt(40) == 0) {
                upgrade.restart();
            }
        }

        private void strike(FakeNode node) {
            switch (random.nextInt(30)) {
                case 0 -> {
                    node.connected = false;
                    repairs.add(() -> node.connected = true);
                }
                case 1 -> {
                    node.age = Duration.ofSeconds(random.nextInt(20));
                    repairs.add(() -> node.age = Duration.ZERO);
                }
                case 2 -> {
                    node.healthy = false;
                    repairs.add(() -> node.healthy = true);
                }
                case 3 -> {
                    node.clients += node.accepting ? random.nextInt(5) : 0;
                }
                default -> {}
            }
        }

        void end() {
            repairs.forEach(Runnable::run);
            upgrade.losesCommand = _ -> false;
            upgrade.forgetsOutcome = _ -> false;
            upgrade.nodes.values().forEach(node -> node.leavingPerTick = 5);
        }
    }
}
