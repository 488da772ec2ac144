package dev.sluice.sim.appliance;

/** Whether the appliance runs, by the names that Redfish has for it. */
public enum PowerState {
    ON("On"),
    OFF("Off"),
    POWERING_ON("PoweringOn"),
    POWERING_OFF("PoweringOff");

    private final String redfishName;

    PowerState(String redfishName) {
        this.redfishName = redfishName;
    }

    public String redfishName() {
        return redfishName;
    }
}
