package dev.sluice.sim.appliance;

import java.util.List;

/**
 * A network interface of the appliance.
 *
 * @param id such as {@code nic1}
 * @param ofManager whether it belongs to the management controller instead of the host
 * @param mac its hardware address
 * @param enabled whether it is up
 * @param addresses its static IPv4 addresses, at most {@link #MAX_ADDRESSES}
 */
public record EthernetInterface(
        String id, boolean ofManager, String mac, boolean enabled, List<Ipv4Address> addresses) {

    public static final int MAX_ADDRESSES = 8;

    public EthernetInterface {
        addresses = List.copyOf(addresses);
    }

    /** An address with its mask and gateway in dotted form; the gateway may be 0.0.0.0 for none. */
    public record Ipv4Address(String address, String subnetMask, String gateway) {}
}
