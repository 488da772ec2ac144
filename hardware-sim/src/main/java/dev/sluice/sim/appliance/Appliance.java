package dev.sluice.sim.appliance;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A simulated appliance with its management controller.
 *
 * <p>Every call first lets pass what the ticker says has passed: boots end, images get written.
 * {@link #nextChangeNanos} says when to call again, and {@link #drainEvents} what happened, for
 * whoever stores and tells it. One thread at a time may use it.
 */
public final class Appliance {

    private static final int PROGRESS_STEP_PERCENT = 10;
    private static final long NEVER = Long.MAX_VALUE;

    private final ApplianceSpec spec;
    private final Ticker ticker;
    private final InstantSource wallClock;
    private final Sensors sensors;
    private final long originNanos;
    private final UpdateLog updates = new UpdateLog();
    private final List<ApplianceEvent> events = new ArrayList<>();

    private ApplianceState state;
    private long powerNanos = NEVER;
    private Slot booting;
    private boolean watchdogFired;
    private long updateNanos = NEVER;
    private long updateStepNanos;
    private @Nullable Slot writing;
    private long unresponsiveUntilNanos;

    /**
     * Brings the appliance up in the state that was restored, or in {@link ApplianceState#factory}.
     */
    public Appliance(
            ApplianceSpec spec, ApplianceState restored, Ticker ticker, InstantSource wallClock) {
        this.spec = spec;
        this.ticker = ticker;
        this.wallClock = wallClock;
        this.sensors = new Sensors(spec.seed());
        this.state = restored;
        this.booting = restored.firmware().nextBoot();
        this.originNanos = ticker.nanos();
        this.unresponsiveUntilNanos = originNanos;
        switch (restored.power()) {
            case ON, OFF -> {}
            case POWERING_ON -> boot(originNanos);
            case POWERING_OFF -> powerNanos = originNanos + spec.shutdownDuration().toNanos();
        }
    }

    public ApplianceSpec spec() {
        return spec;
    }

    public ApplianceState state() {
        settle();
        return state;
    }

    /**
     * When something changes by itself next, in the ticker's nanoseconds; empty when nothing is
     * under way.
     */
    public OptionalLong nextChangeNanos() {
        settle();
        long next = Math.min(powerNanos, updateNanos);
        return next == NEVER ? OptionalLong.empty() : OptionalLong.of(next);
    }

    /**
     * Whether something happened that {@link #drainEvents} has not answered yet, without looking at
     * the time.
     */
    public boolean hasEvents() {
        return !events.isEmpty();
    }

    /** What happened since the last call, in order. */
    public List<ApplianceEvent> drainEvents() {
        settle();
        List<ApplianceEvent> drained = List.copyOf(events);
        events.clear();
        return drained;
    }

    /** The date and time that the appliance believes in. */
    public Instant now() {
        return wallClock.instant().plus(state.clockOffset());
    }

    public SensorReadings sensors() {
        settle();
        return sensors.read(
                state.power(), ticker.nanos() - originNanos, state.faults().overTemperature());
    }

    /**
     * Until when the management controller answers nothing, in the ticker's nanoseconds; empty when
     * it answers.
     */
    public OptionalLong unresponsiveUntilNanos() {
        return unresponsiveUntilNanos > ticker.nanos()
                ? OptionalLong.of(unresponsiveUntilNanos)
                : OptionalLong.empty();
    }

    public Outcome reset(ResetType type) {
        settle();
        PowerState power = state.power();
        return switch (type) {
            case ON -> powerOn(power);
            case FORCE_OFF -> {
                powerOff();
                yield new Outcome.Accepted();
            }
            case POWER_CYCLE -> {
                powerOff();
                boot(ticker.nanos());
                yield new Outcome.Accepted();
            }
            case GRACEFUL_SHUTDOWN ->
                    power == PowerState.OFF ? new Outcome.Accepted() : shutDown(type, power, false);
            case GRACEFUL_RESTART -> shutDown(type, power, true);
            case FORCE_RESTART -> {
                if (power == PowerState.OFF) {
                    yield refusal(type, power, "On");
                }
                boot(ticker.nanos());
                yield new Outcome.Accepted();
            }
        };
    }

    /** Opens a task for an image that is about to be received; one at a time. */
    public Optional<UpdateTask> beginUpdate() {
        settle();
        if (updates.underWay().isPresent()) {
            return Optional.empty();
        }
        UpdateTask task =
                new UpdateTask(
                        updates.nextId(),
                        UpdateTask.State.STARTING,
                        0,
                        now(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of());
        change(task);
        return Optional.of(task);
    }

    /**
     * Starts to write a received and verified image into the slot that does not run. That slot is
     * empty meanwhile and the running one is the next to boot, so that a reset in the middle does
     * not start half an image.
     */
    public void writeImage(long taskId, BaseImage image) {
        settle();
        UpdateTask task = underWay(taskId);
        Slot target = state.firmware().active().other();
        if (state.power() == PowerState.POWERING_ON && booting == target) {
            failUpdate(
                    taskId,
                    new UpdateTask.Message(
                            "UpdateNotApplicable",
                            "Slot "
                                    + target
                                    + " is booting; send the update again when the system is on."));
            return;
        }
        writing = target;
        state =
                state.withFirmware(
                        state.firmware()
                                .withImage(target, Optional.empty())
                                .withNextBoot(state.firmware().active()));
        Duration duration = state.faults().updateDuration().orElse(spec.updateDuration());
        updateStepNanos = duration.toNanos() / (100 / PROGRESS_STEP_PERCENT);
        updateNanos = ticker.nanos() + updateStepNanos;
        change(task.writing(image));
    }

    /** Ends a task whose image could not be received or is not acceptable. */
    public void failUpdate(long taskId, UpdateTask.Message message) {
        change(underWay(taskId).ended(UpdateTask.State.EXCEPTION, now(), message));
        updateNanos = NEVER;
        writing = null;
    }

    public Optional<UpdateTask> task(long id) {
        settle();
        return updates.find(id);
    }

    public Collection<UpdateTask> tasks() {
        settle();
        return updates.all();
    }

    /** Chooses the slot of the next boot; refused when the slot holds no image. */
    public Outcome selectNextBoot(Slot slot) {
        settle();
        if (state.firmware().image(slot).isEmpty()) {
            return new Outcome.Rejected("slot " + slot + " holds no image; choose " + slot.other());
        }
        state = state.withFirmware(state.firmware().withNextBoot(slot));
        return new Outcome.Accepted();
    }

    public void overrideBoot(BootOverride override) {
        settle();
        state = state.withBootOverride(override);
    }

    /** Sets the clock; refused while it is taken from NTP. */
    public Outcome setTime(Instant time) {
        settle();
        if (state.ntp().enabled()) {
            return new Outcome.Rejected("the clock is set by NTP; disable NTP first");
        }
        state = state.withClock(Duration.between(wallClock.instant(), time), state.ntp());
        return new Outcome.Accepted();
    }

    /** Sets the sources of time; enabling them corrects the clock. */
    public void setNtp(Ntp ntp) {
        settle();
        state = state.withClock(ntp.enabled() ? Duration.ZERO : state.clockOffset(), ntp);
    }

    /** Replaces the interface of the same id. */
    public void setInterface(EthernetInterface changed) {
        settle();
        state = state.withInterface(changed);
    }

    public void inject(Fault fault) {
        settle();
        ActiveFaults faults = state.faults();
        switch (fault) {
            case Fault.BootFails(int boots) ->
                    state = state.withFaults(faults.withFailingBoots(boots));
            case Fault.FaultySlot(Slot slot) ->
                    state = state.withFirmware(state.firmware().withFaulty(slot));
            case Fault.UpdateFails(int percent) ->
                    state = state.withFaults(faults.withUpdateFailsAt(Optional.of(percent)));
            case Fault.SlowUpdate(Duration duration) ->
                    state = state.withFaults(faults.withUpdateDuration(duration));
            case Fault.OverTemperature(int celsius) ->
                    state = state.withFaults(faults.withOverTemperature(celsius));
            case Fault.Unresponsive(Duration duration) ->
                    unresponsiveUntilNanos = ticker.nanos() + duration.toNanos();
        }
        events.add(new ApplianceEvent.FaultInjected(fault));
    }

    private Outcome powerOn(PowerState power) {
        switch (power) {
            case ON, POWERING_ON -> {}
            case OFF -> boot(ticker.nanos());
            case POWERING_OFF -> state = state.withPower(power, true);
        }
        return new Outcome.Accepted();
    }

    private Outcome shutDown(ResetType type, PowerState power, boolean restart) {
        if (power != PowerState.ON) {
            return refusal(
                    type, power, power == PowerState.OFF ? "On" : "ForceOff or ForceRestart");
        }
        power(PowerState.POWERING_OFF, restart);
        powerNanos = ticker.nanos() + spec.shutdownDuration().toNanos();
        return new Outcome.Accepted();
    }

    private static Outcome refusal(ResetType type, PowerState power, String instead) {
        return new Outcome.Rejected(
                type.redfishName()
                        + " needs a running system, it is "
                        + power.redfishName()
                        + "; use "
                        + instead);
    }

    private void powerOff() {
        powerNanos = NEVER;
        if (state.power() != PowerState.OFF) {
            power(PowerState.OFF, false);
        }
    }

    private void boot(long atNanos) {
        booting = state.firmware().nextBoot();
        watchdogFired = false;
        powerNanos = atNanos + spec.bootDuration().toNanos();
        power(PowerState.POWERING_ON, false);
    }

    private void settle() {
        long now = ticker.nanos();
        while (Math.min(powerNanos, updateNanos) <= now) {
            if (powerNanos <= updateNanos) {
                settlePower(powerNanos);
            } else {
                settleUpdate(updateNanos);
            }
        }
    }

    private void settlePower(long atNanos) {
        powerNanos = NEVER;
        if (state.power() == PowerState.POWERING_OFF) {
            boolean restart = state.restartAfterOff();
            power(PowerState.OFF, false);
            if (restart) {
                boot(atNanos);
            }
        } else {
            endBoot(atNanos);
        }
    }

    private void endBoot(long atNanos) {
        Firmware firmware = state.firmware();
        int failing = state.faults().failingBoots();
        if (failing == 0 && firmware.boots(booting)) {
            state = state.withFirmware(firmware.withActive(booting));
            running(watchdogFired ? BootOutcome.FELL_BACK : BootOutcome.BOOTED);
            firmware.image(booting)
                    .ifPresent(image -> events.add(new ApplianceEvent.Booted(booting, image)));
            return;
        }
        state = state.withFaults(state.faults().withFailingBoots(Math.max(0, failing - 1)));
        events.add(new ApplianceEvent.BootFailed(booting));
        if (watchdogFired) {
            running(BootOutcome.FAILED);
            return;
        }
        watchdogFired = true;
        booting = firmware.active();
        state = state.withFirmware(state.firmware().withNextBoot(booting));
        events.add(new ApplianceEvent.WatchdogFired(booting));
        powerNanos = atNanos + spec.bootDuration().toNanos();
    }

    private void running(BootOutcome outcome) {
        state = state.withBoot(outcome);
        events.add(new ApplianceEvent.PowerChanged(PowerState.ON));
    }

    private void settleUpdate(long atNanos) {
        UpdateTask task =
                updates.underWay()
                        .orElseThrow(() -> new IllegalStateException("no update is under way"));
        int reached = task.percent() + PROGRESS_STEP_PERCENT;
        Optional<Integer> failsAt = state.faults().updateFailsAt();
        if (failsAt.isPresent() && reached > failsAt.get()) {
            state = state.withFaults(state.faults().withUpdateFailsAt(Optional.empty()));
            change(task.at(failsAt.get()));
            failUpdate(
                    task.id(),
                    new UpdateTask.Message(
                            "ApplyFailed",
                            "Writing the image failed at "
                                    + failsAt.get()
                                    + " percent; send the update again."));
        } else if (reached < 100) {
            updateNanos = atNanos + updateStepNanos;
            change(task.at(reached));
        } else {
            endUpdate(task);
        }
    }

    private void endUpdate(UpdateTask task) {
        Slot slot = writing;
        if (slot == null) {
            throw new IllegalStateException("task " + task.id() + ": no slot is being written");
        }
        BaseImage image =
                task.image()
                        .orElseThrow(() ->
                                new IllegalStateException("task " + task.id() + ": no image"));
        updateNanos = NEVER;
        writing = null;
        state =
                state.withFirmware(
                        state.firmware().withImage(slot, Optional.of(image)).withNextBoot(slot));
        events.add(new ApplianceEvent.ImageWritten(task.id(), slot, image));
        change(
                task.ended(
                        UpdateTask.State.COMPLETED,
                        now(),
                        new UpdateTask.Message(
                                "UpdateSuccessful",
                                "Slot "
                                        + slot
                                        + " holds "
                                        + image.version()
                                        + "; reset the system to run it.")));
    }

    private UpdateTask underWay(long taskId) {
        return updates.find(taskId)
                .filter(task -> !task.isEnded())
                .orElseThrow(
                        () -> new IllegalStateException("task " + taskId + " is not under way"));
    }

    private void change(UpdateTask task) {
        updates.put(task);
        events.add(new ApplianceEvent.TaskChanged(task));
    }

    private void power(PowerState power, boolean restart) {
        state = state.withPower(power, restart);
        events.add(new ApplianceEvent.PowerChanged(power));
    }
}
