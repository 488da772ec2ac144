package dev.sluice.agent.hardware;

import java.io.IOException;

/** The management controller's clock. */
public interface Clock {

    /** How far it is ahead of this process's clock; 0 when there is none to compare with. */
    long offsetMillis() throws IOException;
}
