package dev.sluice.loadtest.sim;

import java.time.Instant;

/**
 * A computer as its programs see it: a name on the network and two clocks. The monotonic one runs a
 * little fast or slow, the other one jumps.
 */
final class Machine {

    private static final Instant START = Instant.parse("2026-03-01T10:00:00Z");

    private final String name;
    private final Schedule schedule;
    private final double speed;
    private final long bootOffset;
    private long wallOffset;

    /**
     * @param speed nanoseconds of its monotonic clock in a nanosecond
     * @param bootOffset what that clock shows when the history begins
     */
    Machine(String name, Schedule schedule, double speed, long bootOffset) {
        this.name = name;
        this.schedule = schedule;
        this.speed = speed;
        this.bootOffset = bootOffset;
    }

    String name() {
        return name;
    }

    /** The monotonic clock; counts while a process is frozen and while the power is off. */
    long nanos() {
        return bootOffset + (long) (schedule.now() * speed);
    }

    /** How long it really takes until the monotonic clock has gone on by so much. */
    long until(long nanos) {
        return (long) Math.ceil(nanos / speed);
    }

    Instant wall() {
        return START.plusNanos(schedule.now() + wallOffset);
    }

    void jump(long nanos) {
        wallOffset += nanos;
    }

    @Override
    public String toString() {
        return name;
    }
}
