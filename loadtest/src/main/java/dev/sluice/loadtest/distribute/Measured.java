package dev.sluice.loadtest.distribute;

import java.util.List;

/**
 * What one contender needed in one scenario.
 *
 * @param complete receivers that have the file in the end, of those that could
 * @param originBytes in frames, sent by the origin
 * @param regionBytes in frames, into each region but the first
 * @param cpuSeconds of all processes together
 */
record Measured(
        String contender,
        double seconds,
        int complete,
        int expected,
        long originBytes,
        List<Long> regionBytes,
        double cpuSeconds) {

    private static final double GIBI = 1 << 30;

    Measured {
        regionBytes = List.copyOf(regionBytes);
    }

    double ratio(Scenario scenario) {
        return seconds / LowerBound.seconds(scenario);
    }

    double cpuPerGibi(Scenario scenario) {
        return cpuSeconds / (complete * scenario.fileBytes() / GIBI);
    }

    /** Bytes of files, as times the file. */
    static double times(long frameBytes, Scenario scenario) {
        return frameBytes * LowerBound.GOODPUT / scenario.fileBytes();
    }
}
