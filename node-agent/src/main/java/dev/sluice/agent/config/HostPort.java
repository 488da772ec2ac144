package dev.sluice.agent.config;

import java.net.InetSocketAddress;

/**
 * An address as {@code host:port} or {@code [v6]:port}.
 *
 * @param port 0 to 65535; 0 only where a free one may be taken
 */
public record HostPort(String host, int port) {

    private static final int MAX_PORT = 65_535;
    private static final int MAX_HOST_CHARS = 253;

    public HostPort {
        if (host.isEmpty() || host.length() > MAX_HOST_CHARS || port < 0 || port > MAX_PORT) {
            throw new IllegalArgumentException(
                    "expected HOST:PORT with a port of 0 to 65535, found '%s:%d'"
                            .formatted(host, port));
        }
    }

    /**
     * Reads an address.
     *
     * @throws IllegalArgumentException saying what was expected and found
     */
    public static HostPort parse(String text) {
        int colon = text.lastIndexOf(':');
        try {
            String host = text.substring(0, Math.max(colon, 0));
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            if (!bracketed && host.indexOf(':') >= 0) {
                throw new NumberFormatException("brackets missing");
            }
            return new HostPort(
                    bracketed ? host.substring(1, host.length() - 1) : host,
                    Integer.parseInt(text.substring(colon + 1)));
        } catch (NumberFormatException _) {
            throw new IllegalArgumentException(
                    "expected HOST:PORT with a port of 0 to 65535, found '" + text + "'");
        }
    }

    /** The address with its host resolved now, where it resolves. */
    public InetSocketAddress resolve() {
        return new InetSocketAddress(host, port);
    }

    public HostPort withPort(int other) {
        return new HostPort(host, other);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
