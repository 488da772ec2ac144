package dev.sluice.sim.appliance;

import java.time.Duration;
import java.util.List;

/**
 * What an appliance is, as opposed to the state it is in.
 *
 * @param id its name, and the last part of its Redfish resources' addresses
 * @param model the hardware model
 * @param serial the serial number
 * @param baseVersion the version of the base image it was delivered with
 * @param bootDuration from power on to running
 * @param shutdownDuration of a graceful shutdown
 * @param updateDuration of writing an image to a slot
 * @param clockOffset how wrong its clock is when it is new
 * @param seed of its addresses and sensor readings
 * @param faults that it is delivered with
 */
public record ApplianceSpec(
        String id,
        String model,
        String serial,
        String baseVersion,
        Duration bootDuration,
        Duration shutdownDuration,
        Duration updateDuration,
        Duration clockOffset,
        long seed,
        List<Fault> faults) {

    public static final Duration DEFAULT_BOOT = Duration.ofMillis(1_500);
    public static final Duration DEFAULT_SHUTDOWN = Duration.ofMillis(500);
    public static final Duration DEFAULT_UPDATE = Duration.ofMillis(500);

    public ApplianceSpec {
        faults = List.copyOf(faults);
    }

    /** An appliance with the default durations, a right clock and no faults. */
    public static ApplianceSpec of(String id, String baseVersion, long seed) {
        return new ApplianceSpec(
                id,
                "sx-100",
                "SIM-" + id,
                baseVersion,
                DEFAULT_BOOT,
                DEFAULT_SHUTDOWN,
                DEFAULT_UPDATE,
                Duration.ZERO,
                seed,
                List.of());
    }
}
