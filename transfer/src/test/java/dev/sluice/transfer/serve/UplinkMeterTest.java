package dev.sluice.transfer.serve;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A socket that takes bytes when the test says so. */
@Tag("PKG-4")
final class UplinkMeterTest {

    private static final long MIB = 1 << 20;

    private final UplinkMeter meter = new UplinkMeter();

    private final UplinkMeter.Phases phases = meter.phases();
    private long millis;

    private void write(long bytes, long took) {
        phases.written(bytes, millis * 1_000_000, (millis + took) * 1_000_000);
        millis += took;
    }

    /** So long the socket is full most of the time: the kernel takes much, then nothing. */
    private void fullFor(long bytes, long took) {
        write(bytes - bytes / 8, 0);
        write(bytes / 8, took);
    }

    @Test
    void countsWhatLeavesFromOneWaitToTheNext() {
        fullFor(40 * MIB, 10);
        for (int i = 0; i < 9; i++) {
            fullFor(MIB, 100);
        }
        assertThat(meter.bytesPerSecond()).as("less than a second is too short").isZero();

        fullFor(MIB, 100);

        assertThat(meter.bytesPerSecond()).isEqualTo(10 * MIB);
    }

    @Test
    void whatWasWrittenAroundARestDoesNotCount() {
        fullFor(MIB, 10);
        write(50 * MIB, 1);
        phases.idle();
        millis += 60_000;
        write(50 * MIB, 1);
        fullFor(MIB, 10);
        assertThat(meter.bytesPerSecond()).isZero();

        fullFor(2 * MIB, 1000);

        assertThat(meter.bytesPerSecond()).isEqualTo(2 * MIB);
    }

    @Test
    void keepsTheLastRateAndReplacesItByTheNext() {
        fullFor(MIB, 10);
        fullFor(2 * MIB, 1000);
        assertThat(meter.bytesPerSecond()).isEqualTo(2 * MIB);

        fullFor(2 * MIB, 4000);
        assertThat(meter.bytesPerSecond()).isEqualTo(MIB / 2);
    }

    @Test
    void aSocketThatIsNeverFullSaysNothing() {
        for (int i = 0; i < 10_000; i++) {
            write(1000, 1);
        }

        assertThat(meter.bytesPerSecond()).isZero();
    }

    @Test
    void pullsThatShareTheUplinkAreMeasuredTogether() {
        UplinkMeter.Phases other = meter.phases();
        fullFor(MIB, 10);
        for (int i = 0; i < 10; i++) {
            other.written(MIB, millis * 1_000_000, millis * 1_000_000);
            fullFor(MIB, 100);
        }

        assertThat(meter.bytesPerSecond()).isEqualTo(20 * MIB);
    }
}
