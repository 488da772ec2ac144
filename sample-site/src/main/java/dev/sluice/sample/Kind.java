package dev.sluice.sample;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The kind of client that a connection says it is. */
enum Kind {
    CUSTOMER,
    CONSOLE,
    /** A health check of the path through the node: always let in, never counted. */
    PROBE;

    /** The kind of that name on the wire, or null when there is none. */
    static @Nullable Kind ofWireName(String name) {
        for (Kind kind : values()) {
            if (kind.wireName().equals(name)) {
                return kind;
            }
        }
        return null;
    }

    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
