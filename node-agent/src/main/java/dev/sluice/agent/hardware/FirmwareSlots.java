package dev.sluice.agent.hardware;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SortedMap;

/** The operating software that the management controller keeps. */
public interface FirmwareSlots {

    /** What runs now, package name to version; read from the hardware each time. */
    SortedMap<String, String> active() throws IOException;

    /**
     * Hands over an image that takes effect with the next restart, and waits until it is accepted.
     */
    void push(String packageName, String version, Path image)
            throws IOException, InterruptedException;
}
