package dev.sluice.sample;

import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a site is started with.
 *
 * @param version the version that it answers with: 1 to 64 of {@code A-Z a-z 0-9 . _ + : -}
 * @param node the node that it runs on, of the same form
 * @param listen the address for clients; port 0 takes a free one
 * @param control the path of the unix socket for control
 * @param maxSessions the most sessions counted at once, 1 to 100,000 and no more than the heap
 *     carries
 * @param handshake how long a connection may take to send its HELLO
 * @param idle how long a session may be silent
 */
record SiteOptions(
        String version,
        String node,
        InetSocketAddress listen,
        Path control,
        int maxSessions,
        Duration handshake,
        Duration idle) {

    static final int DEFAULT_MAX_SESSIONS = 10_000;
    static final Duration DEFAULT_HANDSHAKE = Duration.ofSeconds(5);
    static final Duration DEFAULT_IDLE = Duration.ofMinutes(2);

    /** What the site itself and the spare connections need of the heap before the first session. */
    private static final long BASE_HEAP_BYTES = 4L << 20;

    /**
     * A session with its thread was measured to hold 6 KiB of heap; the rest is room for the
     * collector.
     */
    private static final long SESSION_HEAP_BYTES = 8L << 10;

    private static final int MOST_SESSIONS = 100_000;
    private static final int MAX_TOKEN_CHARS = 64;
    private static final List<String> FLAGS =
            List.of(
                    "version",
                    "node",
                    "listen",
                    "control",
                    "max-sessions",
                    "handshake-seconds",
                    "idle-seconds");

    /** Options that cannot be used; the message is for the operator. */
    static final class Unusable extends Exception {
        Unusable(String message) {
            super(message);
        }
    }

    /**
     * Reads {@code --flag value} or {@code --flag=value}; a flag that is absent is looked up as
     * SLUICE_SITE_FLAG.
     *
     * @param heapBytes the largest heap: it bounds the sessions, because a site that runs out of
     *     heap hangs instead of refusing
     */
    static SiteOptions parse(
            List<String> arguments, Map<String, String> environment, long heapBytes)
            throws Unusable {
        Map<String, String> given = flags(arguments);
        for (String flag : FLAGS) {
            String fromEnvironment = environment.get(environmentName(flag));
            if (fromEnvironment != null) {
                given.putIfAbsent(flag, fromEnvironment);
            }
        }
        return new SiteOptions(
                token("version", required(given, "version")),
                token("node", required(given, "node")),
                address(required(given, "listen")),
                path(required(given, "control")),
                sessions(given, heapBytes),
                Duration.ofSeconds(
                        number(
                                given,
                                "handshake-seconds",
                                (int) DEFAULT_HANDSHAKE.toSeconds(),
                                3_600)),
                Duration.ofSeconds(
                        number(given, "idle-seconds", (int) DEFAULT_IDLE.toSeconds(), 86_400)));
    }

    /** Whether the text can stand as one word of a protocol line, and in JSON without escapes. */
    static boolean isToken(String text) {
        if (text.isEmpty() || text.length() > MAX_TOKEN_CHARS) {
            return false;
        }
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            boolean plain =
                    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!plain && "._+:-".indexOf(c) < 0) {
                return false;
            }
        }
        return true;
    }

    private static Map<String, String> flags(List<String> arguments) throws Unusable {
        Map<String, String> given = new HashMap<>();
        for (int at = 0; at < arguments.size(); at++) {
            String argument = arguments.get(at);
            int equals = argument.indexOf('=');
            String flag = equals < 0 ? argument : argument.substring(0, equals);
            if (!flag.startsWith("--") || !FLAGS.contains(flag.substring(2))) {
                throw new Unusable(
                        "argument "
                                + flag
                                + ": not a flag; expected one of --"
                                + String.join(", --", FLAGS));
            }
            String value;
            if (equals >= 0) {
                value = argument.substring(equals + 1);
            } else if (at + 1 < arguments.size()) {
                value = arguments.get(++at);
            } else {
                throw new Unusable("flag " + flag + ": no value follows; give " + flag + " VALUE");
            }
            if (given.putIfAbsent(flag.substring(2), value) != null) {
                throw new Unusable("flag " + flag + ": given twice; give it once");
            }
        }
        return given;
    }

    private static String required(Map<String, String> given, String flag) throws Unusable {
        @Nullable String value = given.get(flag);
        if (value == null || value.isEmpty()) {
            throw new Unusable(
                    "flag --" + flag + ": missing; give it or set " + environmentName(flag));
        }
        return value;
    }

    private static String token(String flag, String value) throws Unusable {
        if (!isToken(value)) {
            throw new Unusable(
                    "flag --"
                            + flag
                            + ": expected 1 to 64 of A-Z a-z 0-9 . _ + : -, found '"
                            + value
                            + "'");
        }
        return value;
    }

    private static InetSocketAddress address(String value) throws Unusable {
        int colon = value.lastIndexOf(':');
        int port = colon <= 0 ? -1 : integer(value.substring(colon + 1), 0, 65_535);
        if (port < 0) {
            throw new Unusable(
                    "flag --listen: expected HOST:PORT with a port of 0 to 65535, found '"
                            + value
                            + "'");
        }
        String host = value.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        InetSocketAddress address =
                new InetSocketAddress(
                        bracketed ? host.substring(1, host.length() - 1) : host, port);
        if (address.isUnresolved()) {
            throw new Unusable(
                    "flag --listen: host '"
                            + host
                            + "' does not resolve; give an address of this machine");
        }
        return address;
    }

    private static Path path(String value) throws Unusable {
        try {
            return Path.of(value).toAbsolutePath();
        } catch (InvalidPathException _) {
            throw new Unusable("flag --control: not a path");
        }
    }

    private static int sessions(Map<String, String> given, long heapBytes) throws Unusable {
        long carried =
                Math.clamp((heapBytes - BASE_HEAP_BYTES) / SESSION_HEAP_BYTES, 1, MOST_SESSIONS);
        int sessions =
                number(
                        given,
                        "max-sessions",
                        (int) Math.min(DEFAULT_MAX_SESSIONS, carried),
                        MOST_SESSIONS);
        if (sessions > carried) {
            throw new Unusable(
                    "flag --max-sessions: a heap of "
                            + (heapBytes >> 20)
                            + " MiB carries "
                            + carried
                            + " sessions, found "
                            + sessions
                            + "; lower it or start with a larger -Xmx");
        }
        return sessions;
    }

    private static int number(Map<String, String> given, String flag, int absent, int most)
            throws Unusable {
        @Nullable String value = given.get(flag);
        if (value == null) {
            return absent;
        }
        int number = integer(value, 1, most);
        if (number < 0) {
            throw new Unusable(
                    "flag --" + flag + ": expected 1 to " + most + ", found '" + value + "'");
        }
        return number;
    }

    /** The number that the text is, or -1 when it is none in the range. */
    private static int integer(String text, int least, int most) {
        try {
            int number = Integer.parseInt(text);
            return number >= least && number <= most ? number : -1;
        } catch (NumberFormatException _) {
            return -1;
        }
    }

    private static String environmentName(String flag) {
        return "SLUICE_SITE_" + flag.toUpperCase(Locale.ROOT).replace('-', '_');
    }
}
