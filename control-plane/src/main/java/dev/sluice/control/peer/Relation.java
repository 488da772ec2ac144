package dev.sluice.control.peer;

import dev.sluice.control.model.NodeId;
import dev.sluice.trust.pki.TlsIdentity;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What this master knows of its relation to the others.
 *
 * @param address where it expects to be reached by them
 * @param masters where it expects to reach them
 */
public record Relation(
        NodeId self,
        RelationKey key,
        TlsIdentity identity,
        InetSocketAddress address,
        SortedMap<NodeId, InetSocketAddress> masters) {

    public Relation {
        masters = Collections.unmodifiableSortedMap(new TreeMap<>(masters));
    }

    static String text(InetSocketAddress address) {
        String host = address.getHostString();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    /** Never a key. */
    @Override
    public String toString() {
        return "Relation[%s at %s to %s]".formatted(self, text(address), masters);
    }
}
