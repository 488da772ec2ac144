package dev.sluice.loadtest.sim;

import dev.sluice.agent.hardware.SharedAddress;
import java.io.IOException;
import java.time.Duration;

/** The shared address in the hands of one life of an agent; let go when the lease ends. */
final class LeasedAddress implements SharedAddress {

    /** The lease is looked at so often. */
    private static final long LOOK_NANOS = Duration.ofMillis(20).toNanos();

    private final SharedAddresses addresses;
    private final Life life;
    private final Runnable changed;
    private final boolean ignoresLease;
    private boolean held;
    private long endNanos;

    /**
     * @param ignoresLease a mutation: it is held until somebody says otherwise
     */
    LeasedAddress(SharedAddresses addresses, Life life, Runnable changed, boolean ignoresLease) {
        this.addresses = addresses;
        this.life = life;
        this.changed = changed;
        this.ignoresLease = ignoresLease;
        life.onEnd(() -> addresses.free(this));
    }

    @Override
    public void hold(Duration lease) throws IOException {
        life.point();
        if (!held) {
            addresses.bind(this);
            held = true;
            extend(lease);
            watch();
            changed.run();
        } else {
            extend(lease);
        }
    }

    @Override
    public void renew(Duration lease) {
        if (held) {
            extend(lease);
        }
    }

    private void extend(Duration lease) {
        Duration bounded = lease.compareTo(MAX_LEASE) < 0 ? lease : MAX_LEASE;
        endNanos = life.machine().nanos() + bounded.toNanos();
    }

    /** Looks again when the lease ends as it is known now: in between there is nothing to see. */
    private void watch() {
        long left = endNanos - life.machine().nanos();
        life.after(
                Math.max(0, left) + LOOK_NANOS,
                () -> {
                    if (held && !ignoresLease && life.machine().nanos() - endNanos > 0) {
                        release();
                    } else if (held) {
                        watch();
                    }
                });
    }

    @Override
    public void release() {
        if (held) {
            life.point();
            held = false;
            addresses.free(this);
            changed.run();
        }
    }

    @Override
    public String held() {
        return held ? SharedAddresses.ADDRESS : "";
    }

    @Override
    public String configured() {
        return SharedAddresses.ADDRESS;
    }

    /** How long ago the lease ended, by the machine's clock; negative while it lasts. */
    long lateNanos() {
        return life.machine().nanos() - endNanos;
    }

    Life life() {
        return life;
    }

    @Override
    public void close() {
        release();
    }

    @Override
    public String toString() {
        return life.name();
    }
}
