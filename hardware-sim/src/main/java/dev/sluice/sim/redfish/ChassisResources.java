package dev.sluice.sim.redfish;

import static dev.sluice.sim.redfish.Paths.collection;
import static dev.sluice.sim.redfish.Paths.link;
import static dev.sluice.sim.redfish.Paths.links;
import static dev.sluice.sim.redfish.Paths.resource;
import static dev.sluice.sim.redfish.Paths.status;

import dev.sluice.sim.appliance.Appliance;
import dev.sluice.sim.appliance.SensorReadings;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;

/** Chassis/{id} with its temperatures, fans and power supplies. */
final class ChassisResources {

    private final LiveAppliance live;
    private final Paths paths;

    ChassisResources(LiveAppliance live, Paths paths) {
        this.live = live;
        this.paths = paths;
    }

    void bind(Routes routes) {
        routes.read(
                Paths.CHASSIS,
                _ ->
                        Optional.of(
                                collection(
                                        Paths.CHASSIS,
                                        "ChassisCollection",
                                        "Chassis",
                                        List.of(paths.chassis()))));
        routes.read(paths.chassis(), _ -> Optional.of(live.use(this::chassis)));
        routes.read(paths.thermal(), _ -> Optional.of(thermal(live.use(Appliance::sensors))));
        routes.read(paths.power(), _ -> Optional.of(power(live.use(Appliance::sensors))));
    }

    private JsonObject chassis(Appliance appliance) {
        boolean critical =
                appliance.sensors().temperatures().stream()
                        .anyMatch(SensorReadings.Temperature::isCritical);
        return resource(
                        paths.chassis(),
                        "Chassis.v1_25_0.Chassis",
                        appliance.spec().id(),
                        appliance.spec().id())
                .put("ChassisType", "RackMount")
                .put("Manufacturer", "Sluice")
                .put("Model", appliance.spec().model())
                .put("SerialNumber", appliance.spec().serial())
                .put("PowerState", appliance.state().power().redfishName())
                .put("Status", status("Enabled", critical ? "Critical" : "OK"))
                .put("Thermal", link(paths.thermal()))
                .put("Power", link(paths.power()))
                .put(
                        "Links",
                        new JsonObject()
                                .put("ComputerSystems", links(List.of(paths.system())))
                                .put("ManagedBy", links(List.of(paths.manager()))));
    }

    private JsonObject thermal(SensorReadings readings) {
        JsonArray temperatures = new JsonArray();
        for (SensorReadings.Temperature each : readings.temperatures()) {
            temperatures.add(
                    member(paths.thermal(), "Temperatures", temperatures.size(), each.name())
                            .put("ReadingCelsius", each.celsius())
                            .put("UpperThresholdCritical", each.criticalCelsius())
                            .put("PhysicalContext", each.name().equals("CPU") ? "CPU" : "Intake")
                            .put(
                                    "Status",
                                    status("Enabled", each.isCritical() ? "Critical" : "OK")));
        }
        JsonArray fans = new JsonArray();
        for (SensorReadings.Fan each : readings.fans()) {
            fans.add(
                    member(paths.thermal(), "Fans", fans.size(), each.name())
                            .put("Reading", each.rpm())
                            .put("ReadingUnits", "RPM")
                            .put("Status", status("Enabled", "OK")));
        }
        return resource(paths.thermal(), "Thermal.v1_7_3.Thermal", "Thermal", "Thermal")
                .put("Temperatures", temperatures)
                .put("Fans", fans);
    }

    private JsonObject power(SensorReadings readings) {
        JsonArray supplies = new JsonArray();
        for (SensorReadings.PowerSupply each : readings.powerSupplies()) {
            supplies.add(
                    member(paths.power(), "PowerSupplies", supplies.size(), each.name())
                            .put("PowerOutputWatts", each.outputWatts())
                            .put("PowerCapacityWatts", each.capacityWatts())
                            .put("Status", status("Enabled", "OK")));
        }
        return resource(paths.power(), "Power.v1_7_3.Power", "Power", "Power")
                .put("PowerSupplies", supplies);
    }

    private static JsonObject member(String path, String array, int index, String name) {
        return new JsonObject()
                .put("@odata.id", path + "#/" + array + "/" + index)
                .put("MemberId", Integer.toString(index))
                .put("Name", name);
    }
}
