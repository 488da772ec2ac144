package dev.sluice.sim.appliance;

import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Plausible readings as a pure function of the appliance's seed, its power and the time: the same
 * inputs read the same.
 */
final class Sensors {

    /** Readings change this often, so that two quick looks agree. */
    private static final long BUCKET_NANOS = 5_000_000_000L;

    private static final int CPU_CRITICAL_CELSIUS = 95;
    private static final int INLET_CRITICAL_CELSIUS = 45;
    private static final int SUPPLY_CAPACITY_WATTS = 550;

    private final long seed;

    Sensors(long seed) {
        this.seed = seed;
    }

    SensorReadings read(PowerState power, long elapsedNanos, Optional<Integer> overTemperature) {
        SplittableRandom base = new SplittableRandom(seed);
        int inlet = base.nextInt(19, 25);
        int cpuAbove = base.nextInt(22, 34);
        int fanRpm = base.nextInt(6_200, 7_400);
        int watts = base.nextInt(90, 140);
        SplittableRandom wobble =
                new SplittableRandom(seed ^ Math.floorDiv(elapsedNanos, BUCKET_NANOS));
        boolean running = power != PowerState.OFF;
        int cpu = running ? inlet + cpuAbove + wobble.nextInt(-3, 4) : inlet;
        return new SensorReadings(
                List.of(
                        new SensorReadings.Temperature(
                                "CPU", overTemperature.orElse(cpu), CPU_CRITICAL_CELSIUS),
                        new SensorReadings.Temperature(
                                "Inlet", inlet + wobble.nextInt(0, 2), INLET_CRITICAL_CELSIUS)),
                List.of(
                        new SensorReadings.Fan(
                                "Fan1", running ? fanRpm + wobble.nextInt(-80, 81) : 0),
                        new SensorReadings.Fan(
                                "Fan2", running ? fanRpm + wobble.nextInt(-80, 81) : 0)),
                List.of(
                        new SensorReadings.PowerSupply(
                                "PSU1",
                                running ? watts + wobble.nextInt(-5, 6) : 4,
                                SUPPLY_CAPACITY_WATTS),
                        new SensorReadings.PowerSupply(
                                "PSU2",
                                running ? watts + wobble.nextInt(-5, 6) : 4,
                                SUPPLY_CAPACITY_WATTS)));
    }
}
