package dev.sluice.agent.hardware;

import java.io.IOException;
import java.util.Locale;

/** Power of the system that the node is. */
public interface Power {

    State state() throws IOException;

    /** Restarts the system; the operating software is told first. Returns when it was accepted. */
    void restart() throws IOException;

    /** What the management controller says. */
    enum State {
        ON,
        OFF,
        POWERING_ON,
        POWERING_OFF,
        UNKNOWN;

        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
