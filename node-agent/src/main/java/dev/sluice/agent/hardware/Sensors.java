package dev.sluice.agent.hardware;

import java.io.IOException;

/** Temperature and health. */
public interface Sensors {

    Reading read() throws IOException;

    /**
     * @param temperatureCelsius the highest; 0 when there is no sensor
     * @param model what the hardware says it is; empty when it does not
     * @param fault why it is not all right; empty: it is
     */
    record Reading(double temperatureCelsius, String model, String fault) {}
}
