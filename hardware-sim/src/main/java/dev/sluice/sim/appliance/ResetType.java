package dev.sluice.sim.appliance;

import java.util.Optional;

/** What can be asked of the appliance's power, by the names that Redfish has for it. */
public enum ResetType {
    ON("On"),
    FORCE_OFF("ForceOff"),
    GRACEFUL_SHUTDOWN("GracefulShutdown"),
    GRACEFUL_RESTART("GracefulRestart"),
    FORCE_RESTART("ForceRestart"),
    POWER_CYCLE("PowerCycle");

    private final String redfishName;

    ResetType(String redfishName) {
        this.redfishName = redfishName;
    }

    public String redfishName() {
        return redfishName;
    }

    public static Optional<ResetType> ofRedfishName(String name) {
        for (ResetType type : values()) {
            if (type.redfishName.equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
