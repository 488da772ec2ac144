package dev.sluice.sample;

import java.util.Locale;

/** How a session ended. */
enum EndedBy {
    /** The client said BYE, or closed its connection. */
    CLIENT,
    /** The connection was lost. */
    BROKEN,
    /** The client was silent for too long. */
    SILENT,
    /** The client broke the protocol. */
    ERROR,
    /** All sessions were cut on the control port. */
    CUT;

    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
