package dev.sluice.sim.appliance;

import java.util.List;

/** What the sensors read at one instant. */
public record SensorReadings(
        List<Temperature> temperatures, List<Fan> fans, List<PowerSupply> powerSupplies) {

    public SensorReadings {
        temperatures = List.copyOf(temperatures);
        fans = List.copyOf(fans);
        powerSupplies = List.copyOf(powerSupplies);
    }

    /** Degrees Celsius, and the bound above which it is critical. */
    public record Temperature(String name, int celsius, int criticalCelsius) {
        public boolean isCritical() {
            return celsius >= criticalCelsius;
        }
    }

    public record Fan(String name, int rpm) {}

    public record PowerSupply(String name, int outputWatts, int capacityWatts) {}
}
