package dev.sluice.sim.appliance;

/** Something that happened to the appliance. */
public sealed interface ApplianceEvent {

    record PowerChanged(PowerState state) implements ApplianceEvent {}

    record Booted(Slot slot, BaseImage image) implements ApplianceEvent {}

    /** The slot did not boot. */
    record BootFailed(Slot slot) implements ApplianceEvent {}

    /** The watchdog gave up waiting and starts the given slot. */
    record WatchdogFired(Slot slot) implements ApplianceEvent {}

    record TaskChanged(UpdateTask task) implements ApplianceEvent {}

    /** The image that the task received is in the slot. */
    record ImageWritten(long taskId, Slot slot, BaseImage image) implements ApplianceEvent {}

    record FaultInjected(Fault fault) implements ApplianceEvent {}
}
