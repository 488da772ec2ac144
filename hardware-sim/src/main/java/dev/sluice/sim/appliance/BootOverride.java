package dev.sluice.sim.appliance;

/**
 * The boot source that an operator asked for; the simulated appliance remembers it and boots from
 * its slots all the same.
 */
public record BootOverride(Enabled enabled, Target target) {

    public static final BootOverride NONE = new BootOverride(Enabled.DISABLED, Target.NONE);

    /** How long the override holds. */
    public enum Enabled {
        DISABLED("Disabled"),
        ONCE("Once"),
        CONTINUOUS("Continuous");

        private final String redfishName;

        Enabled(String redfishName) {
            this.redfishName = redfishName;
        }

        public String redfishName() {
            return redfishName;
        }
    }

    /** The source to boot from. */
    public enum Target {
        NONE("None"),
        HDD("Hdd");

        private final String redfishName;

        Target(String redfishName) {
            this.redfishName = redfishName;
        }

        public String redfishName() {
            return redfishName;
        }
    }
}
