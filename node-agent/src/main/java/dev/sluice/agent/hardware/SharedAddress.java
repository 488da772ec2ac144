package dev.sluice.agent.hardware;

import java.io.IOException;
import java.time.Duration;

/** The cluster's shared address, held under a lease. */
public interface SharedAddress extends AutoCloseable {

    /** No lease is longer: a frozen control plane must not keep the address for a night. */
    Duration MAX_LEASE = Duration.ofMinutes(1);

    /**
     * Takes the address, or extends what is held already.
     *
     * @throws IOException when somebody else has it
     */
    void hold(Duration lease) throws IOException;

    /** Extends what is held by {@link #MAX_LEASE} at most; nothing happens when nothing is. */
    void renew(Duration lease);

    /** Gives it up, and ends the connections through it. */
    void release();

    /** The address while it is held; empty otherwise. */
    String held();

    /** The address that this node is configured for. */
    String configured();

    @Override
    void close();
}
