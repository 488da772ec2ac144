package dev.sluice.transfer.pull;

import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;

/**
 * Where a content may be pulled from.
 *
 * @param node the id that must be in its certificate, a node's or a master's
 * @param linkBytesPerSecond limit of the link that lies between; 0: none
 */
public record Source(String node, String host, int port, long linkBytesPerSecond) {

    public Source {
        if (node.isBlank()
                || host.isBlank()
                || port < 1
                || port > 65535
                || linkBytesPerSecond < 0) {
            throw new IllegalArgumentException(
                    "source '%s' at '%s' port %d, limit %d: expected a node, a host, a port and a rate"
                            .formatted(node, host, port, linkBytesPerSecond));
        }
    }

    /** The same with another limit of the link. */
    public Source limitedTo(long bytesPerSecond) {
        return new Source(node, host, port, bytesPerSecond);
    }

    SourceId id() {
        return new SourceId(node, host + ":" + port);
    }

    PeerExpectation peer() {
        return new PeerExpectation(
                "node or master " + node,
                name -> name.id().equals(node) && name.kind() != PeerName.Kind.OPERATOR);
    }
}
