package dev.sluice.sim.rack;

import dev.sluice.sim.appliance.ApplianceSpec;
import java.util.List;

/** The appliances that one process simulates. */
public record Rack(List<Place> places) {

    public Rack {
        places = List.copyOf(places);
    }

    /**
     * An appliance and where its Redfish service listens.
     *
     * @param port 0 takes a free one
     */
    public record Place(ApplianceSpec appliance, int port) {}
}
