package dev.sluice.sim.appliance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ApplianceTest {

    private static final Instant NOON = Instant.parse("2026-01-31T12:00:00Z");
    private static final BaseImage OLD = new BaseImage("base", "6.2.0", "0".repeat(64), 23);
    private static final BaseImage NEW = new BaseImage("base", "7.0.0", "1".repeat(64), 4_096);
    private static final Duration BOOT = ApplianceSpec.DEFAULT_BOOT;
    private static final Duration SHUTDOWN = ApplianceSpec.DEFAULT_SHUTDOWN;
    private static final Duration UPDATE = ApplianceSpec.DEFAULT_UPDATE;

    private static final List<ResetType> RESETS = List.of(ResetType.values());

    private final ApplianceSpec spec = ApplianceSpec.of("eu-1", "6.2.0", 7);
    private long nowNanos = -5;
    private Appliance appliance = restored(ApplianceState.factory(spec, OLD));

    @Test
    void runsTheImageItWasDeliveredWith() {
        assertThat(appliance.state().power()).isEqualTo(PowerState.ON);
        assertThat(appliance.state().firmware()).isEqualTo(Firmware.factory(OLD));
        assertThat(appliance.nextChangeNanos()).isEmpty();
    }

    @Test
    void restartsGracefullyThroughOffAndPoweringOn() {
        assertThat(appliance.reset(ResetType.GRACEFUL_RESTART)).isEqualTo(new Outcome.Accepted());
        assertThat(appliance.state().power()).isEqualTo(PowerState.POWERING_OFF);
        pass(SHUTDOWN.minusNanos(1));
        assertThat(appliance.state().power()).isEqualTo(PowerState.POWERING_OFF);
        pass(Duration.ofNanos(1));
        assertThat(appliance.state().power()).isEqualTo(PowerState.POWERING_ON);
        pass(BOOT);
        assertThat(appliance.state().power()).isEqualTo(PowerState.ON);
        assertThat(appliance.drainEvents())
                .containsExactly(
                        new ApplianceEvent.PowerChanged(PowerState.POWERING_OFF),
                        new ApplianceEvent.PowerChanged(PowerState.OFF),
                        new ApplianceEvent.PowerChanged(PowerState.POWERING_ON),
                        new ApplianceEvent.PowerChanged(PowerState.ON),
                        new ApplianceEvent.Booted(Slot.A, OLD));
    }

    @Test
    void keepsTheTimesOfChangesThatPassedUnwatched() {
        appliance.reset(ResetType.GRACEFUL_RESTART);
        pass(SHUTDOWN.plus(BOOT).minusNanos(1));
        assertThat(appliance.state().power()).isEqualTo(PowerState.POWERING_ON);
        assertThat(appliance.nextChangeNanos()).hasValue(nowNanos + 1);
    }

    @Test
    void refusesGracefulResetsWhenNothingRuns() {
        appliance.reset(ResetType.FORCE_OFF);
        assertThat(appliance.reset(ResetType.GRACEFUL_RESTART))
                .isEqualTo(
                        new Outcome.Rejected(
                                "GracefulRestart needs a running system, it is Off; use On"));
        assertThat(appliance.reset(ResetType.FORCE_RESTART)).isInstanceOf(Outcome.Rejected.class);
        assertThat(appliance.reset(ResetType.GRACEFUL_SHUTDOWN)).isEqualTo(new Outcome.Accepted());
        assertThat(appliance.state().power()).isEqualTo(PowerState.OFF);
    }

    @Test
    void powersOnAgainWhenAskedWhileShuttingDown() {
        appliance.reset(ResetType.GRACEFUL_SHUTDOWN);
        appliance.reset(ResetType.ON);
        pass(SHUTDOWN.plus(BOOT));
        assertThat(appliance.state().power()).isEqualTo(PowerState.ON);
        assertThat(appliance.state().boots()).isEqualTo(2);
    }

    @Test
    void writesAnImageIntoTheOtherSlotAndRunsItAfterAReset() {
        long task = begin();
        appliance.writeImage(task, NEW);
        assertThat(appliance.state().firmware().image(Slot.B)).isEmpty();
        pass(UPDATE.dividedBy(2));
        assertThat(appliance.task(task)).get().extracting(UpdateTask::percent).isEqualTo(50);
        pass(UPDATE.dividedBy(2));
        assertThat(appliance.task(task))
                .get()
                .extracting(UpdateTask::state)
                .isEqualTo(UpdateTask.State.COMPLETED);
        assertThat(appliance.state().firmware())
                .isEqualTo(
                        new Firmware(Slot.A, Slot.B, Optional.of(OLD), Optional.of(NEW), Set.of()));
        boot();
        assertThat(appliance.state().firmware().active()).isEqualTo(Slot.B);
        assertThat(appliance.state().lastBoot()).isEqualTo(BootOutcome.BOOTED);
    }

    @Test
    void bootsTheRunningSlotWhenResetWhileAnImageIsWritten() {
        install(NEW);
        appliance.selectNextBoot(Slot.B);
        appliance.writeImage(begin(), NEW);
        boot();
        assertThat(appliance.state().firmware().active()).isEqualTo(Slot.A);
        assertThat(appliance.state().lastBoot()).isEqualTo(BootOutcome.BOOTED);
    }

    @Test
    void failsAnUpdateOfTheSlotThatIsBooting() {
        install(NEW);
        appliance.reset(ResetType.FORCE_RESTART);
        long task = begin();
        appliance.writeImage(task, NEW);
        assertThat(appliance.task(task))
                .get()
                .extracting(UpdateTask::state)
                .isEqualTo(UpdateTask.State.EXCEPTION);
        pass(BOOT);
        assertThat(appliance.state().firmware().active()).isEqualTo(Slot.B);
    }

    @Test
    void takesOneUpdateAtATime() {
        begin();
        assertThat(appliance.beginUpdate()).isEmpty();
    }

    @Test
    void fallsBackToTheOldSlotWhenTheNewOneIsFaulty() {
        install(NEW);
        appliance.inject(new Fault.FaultySlot(Slot.B));
        appliance.drainEvents();
        boot();
        assertThat(appliance.state().power()).isEqualTo(PowerState.POWERING_ON);
        pass(BOOT);
        assertThat(appliance.state().power()).isEqualTo(PowerState.ON);
        assertThat(appliance.state().lastBoot()).isEqualTo(BootOutcome.FELL_BACK);
        assertThat(appliance.state().firmware().active()).isEqualTo(Slot.A);
        assertThat(appliance.state().firmware().nextBoot()).isEqualTo(Slot.A);
        assertThat(appliance.drainEvents())
                .contains(
                        new ApplianceEvent.BootFailed(Slot.B),
                        new ApplianceEvent.WatchdogFired(Slot.A));
    }

    @Test
    void bootsAFaultySlotAgainOnceItIsWrittenAnew() {
        install(NEW);
        appliance.inject(new Fault.FaultySlot(Slot.B));
        install(NEW);
        boot();
        assertThat(appliance.state().firmware().active()).isEqualTo(Slot.B);
    }

    @Test
    void staysWithoutASystemWhenNoSlotBoots() {
        appliance.inject(new Fault.BootFails(2));
        boot();
        pass(BOOT);
        assertThat(appliance.state().power()).isEqualTo(PowerState.ON);
        assertThat(appliance.state().lastBoot()).isEqualTo(BootOutcome.FAILED);
        boot();
        assertThat(appliance.state().lastBoot()).isEqualTo(BootOutcome.BOOTED);
    }

    @Test
    void failsTheNextUpdateAtThePercentAskedFor() {
        appliance.inject(new Fault.UpdateFails(37));
        long failing = begin();
        appliance.writeImage(failing, NEW);
        pass(UPDATE);
        UpdateTask task = appliance.task(failing).orElseThrow();
        assertThat(task.state()).isEqualTo(UpdateTask.State.EXCEPTION);
        assertThat(task.percent()).isEqualTo(37);
        assertThat(task.messages())
                .extracting(UpdateTask.Message::id)
                .containsExactly("ApplyFailed");
        assertThat(appliance.state().firmware().nextBoot()).isEqualTo(Slot.A);
        assertThat(appliance.state().firmware().image(Slot.B)).isEmpty();
        install(NEW);
        assertThat(appliance.state().firmware().image(Slot.B)).contains(NEW);
    }

    @Test
    void writesSlowlyUntilTheFaultIsCleared() {
        appliance.inject(new Fault.SlowUpdate(Duration.ofMinutes(10)));
        long slow = begin();
        appliance.writeImage(slow, NEW);
        pass(Duration.ofMinutes(9));
        assertThat(appliance.task(slow)).get().extracting(UpdateTask::percent).isEqualTo(90);
        pass(Duration.ofMinutes(1));
        appliance.inject(new Fault.SlowUpdate(Duration.ZERO));
        install(NEW);
    }

    @Test
    void selectsOnlySlotsThatHoldAnImage() {
        assertThat(appliance.selectNextBoot(Slot.B))
                .isEqualTo(new Outcome.Rejected("slot B holds no image; choose A"));
        install(NEW);
        boot();
        assertThat(appliance.selectNextBoot(Slot.A)).isEqualTo(new Outcome.Accepted());
        boot();
        assertThat(appliance.state().firmware().active()).isEqualTo(Slot.A);
    }

    @Test
    void keepsItsOwnTimeUnlessNtpSetsIt() {
        assertThat(appliance.setTime(NOON.plusSeconds(90))).isEqualTo(new Outcome.Accepted());
        assertThat(appliance.now()).isEqualTo(NOON.plusSeconds(90));
        appliance.setNtp(new Ntp(true, List.of("192.0.2.1")));
        assertThat(appliance.now()).isEqualTo(NOON);
        assertThat(appliance.setTime(NOON.plusSeconds(90)))
                .isEqualTo(new Outcome.Rejected("the clock is set by NTP; disable NTP first"));
        assertThat(appliance.now()).isEqualTo(NOON);
    }

    @Test
    void readsTheSameFromItsSensorsForTheSameSeedAndTime() {
        Appliance twin = restored(ApplianceState.factory(spec, OLD));
        assertThat(twin.sensors()).isEqualTo(appliance.sensors());
        SplittableRandom seeds = new SplittableRandom(11);
        for (int count = 0; count < 200; count++) {
            ApplianceSpec other = ApplianceSpec.of("n", "1", seeds.nextLong());
            SensorReadings readings =
                    new Appliance(
                                    other,
                                    ApplianceState.factory(other, OLD),
                                    () -> nowNanos,
                                    () -> NOON)
                            .sensors();
            assertThat(readings.temperatures())
                    .allSatisfy(each -> assertThat(each.celsius()).isBetween(15, 70));
            assertThat(readings.fans())
                    .allSatisfy(each -> assertThat(each.rpm()).isBetween(6_000, 7_600));
        }
        appliance.inject(new Fault.OverTemperature(101));
        assertThat(appliance.sensors().temperatures().getFirst().isCritical()).isTrue();
    }

    @Test
    void isUnresponsiveForTheTimeAskedFor() {
        appliance.inject(new Fault.Unresponsive(Duration.ofSeconds(3)));
        assertThat(appliance.unresponsiveUntilNanos())
                .hasValue(nowNanos + Duration.ofSeconds(3).toNanos());
        pass(Duration.ofSeconds(3));
        assertThat(appliance.unresponsiveUntilNanos()).isEmpty();
    }

    @Test
    void beginsATransitionAnewWhenItIsRestored() {
        appliance.reset(ResetType.GRACEFUL_RESTART);
        Appliance again = restored(appliance.state());
        pass(SHUTDOWN.plus(BOOT));
        assertThat(again.state().power()).isEqualTo(PowerState.ON);
        assertThat(again.state().boots()).isEqualTo(2);
    }

    @Test
    void alwaysComesBackOnAnImageThatASlotHolds() {
        for (long seed = 0; seed < 300; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            appliance = restored(ApplianceState.factory(spec, OLD));
            for (int step = 0; step < 60; step++) {
                perturb(random);
            }
            appliance.reset(ResetType.ON);
            pass(Duration.ofHours(1));
            Firmware firmware = appliance.state().firmware();
            assertThat(appliance.state().power()).as("seed %d", seed).isEqualTo(PowerState.ON);
            assertThat(firmware.image(firmware.active())).as("seed %d", seed).isPresent();
            assertThat(firmware.image(firmware.nextBoot())).as("seed %d", seed).isPresent();
            assertThat(appliance.nextChangeNanos()).as("seed %d", seed).isEmpty();
        }
    }

    private void perturb(SplittableRandom random) {
        switch (random.nextInt(6)) {
            case 0 -> appliance.reset(RESETS.get(random.nextInt(RESETS.size())));
            case 1 ->
                    appliance.beginUpdate().ifPresent(task -> appliance.writeImage(task.id(), NEW));
            case 2 -> appliance.inject(new Fault.BootFails(random.nextInt(1, 3)));
            case 3 -> appliance.inject(new Fault.UpdateFails(random.nextInt(100)));
            case 4 -> appliance.selectNextBoot(random.nextBoolean() ? Slot.A : Slot.B);
            default -> pass(Duration.ofMillis(random.nextInt(2_000)));
        }
    }

    private long begin() {
        return appliance.beginUpdate().orElseThrow().id();
    }

    private void install(BaseImage image) {
        appliance.writeImage(begin(), image);
        pass(UPDATE);
        assertThat(
                        appliance
                                .state()
                                .firmware()
                                .image(appliance.state().firmware().active().other()))
                .contains(image);
    }

    private void boot() {
        appliance.reset(ResetType.FORCE_RESTART);
        pass(BOOT);
    }

    private void pass(Duration duration) {
        nowNanos += duration.toNanos();
    }

    private Appliance restored(ApplianceState state) {
        InstantSource wall = () -> NOON;
        return new Appliance(spec, state, () -> nowNanos, wall);
    }
}
