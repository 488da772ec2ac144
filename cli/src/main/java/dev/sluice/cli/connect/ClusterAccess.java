package dev.sluice.cli.connect;

import java.nio.file.Path;
import java.util.List;

/**
 * All that is needed to reach a cluster.
 *
 * @param name the context's name, or where else it is from
 * @param addresses tried in this order; at least one
 * @param ca the cluster's authorities, PEM
 * @param certificate the operator's certificate, PEM
 * @param key its private key, PEM (PKCS#8, not encrypted)
 */
public record ClusterAccess(
        String name, List<Address> addresses, Path ca, Path certificate, Path key) {
    public ClusterAccess {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("a cluster has at least one address");
        }
    }
}
