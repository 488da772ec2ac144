package dev.sluice.sim.appliance;

import java.util.List;

/**
 * Where the appliance takes its time from; while it is enabled its clock is right and cannot be
 * set.
 */
public record Ntp(boolean enabled, List<String> servers) {
    public Ntp {
        servers = List.copyOf(servers);
    }
}
