package dev.sluice.agent.hardware;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** A node without a management controller: always on, and its base never changes. */
public final class NoHardware implements Hardware, Power, FirmwareSlots, Clock, Sensors {

    private final String model;
    private final SortedMap<String, String> base;

    /**
     * @param base what the configuration says is installed
     */
    public NoHardware(String model, SortedMap<String, String> base) {
        this.model = model;
        this.base = Collections.unmodifiableSortedMap(new TreeMap<>(base));
    }

    @Override
    public Power power() {
        return this;
    }

    @Override
    public FirmwareSlots firmware() {
        return this;
    }

    @Override
    public Clock clock() {
        return this;
    }

    @Override
    public Sensors sensors() {
        return this;
    }

    @Override
    public State state() {
        return State.ON;
    }

    @Override
    public void restart() throws IOException {
        throw none("restarted");
    }

    @Override
    public SortedMap<String, String> active() {
        return base;
    }

    @Override
    public void push(String packageName, String version, Path image) throws IOException {
        throw none("given " + packageName + " " + version);
    }

    @Override
    public long offsetMillis() {
        return 0;
    }

    @Override
    public Reading read() {
        return new Reading(0, model, "");
    }

    @Override
    public void close() {
        // Nothing is open.
    }

    private static IOException none(String what) {
        return new IOException(
                "hardware: driver none cannot be " + what + "; configure hardware.driver redfish");
    }
}
