package dev.sluice.cli.connect;

import dev.sluice.cli.outcome.CommandFailure;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a master may be: a host name or IP address, and a port. */
public record Address(String host, int port) {
    private static final Pattern FORM =
            Pattern.compile("(?:\\[([0-9a-fA-F:.%a-z]+)]|([^:\\[\\]\\s/]+)):([0-9]{1,5})");

    /** {@code host:port}, with brackets around an IPv6 address. */
    public static Address parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (matcher.matches()) {
            int port = Integer.parseInt(matcher.group(3));
            if (port >= 1 && port <= 65535) {
                String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
                return new Address(host, port);
            }
        }
        throw CommandFailure.badInput(
                "address '"
                        + text
                        + "': expected host:port with a port from 1 to 65535, such as"
                        + " 10.0.0.10:7443 or [fd00::10]:7443");
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
