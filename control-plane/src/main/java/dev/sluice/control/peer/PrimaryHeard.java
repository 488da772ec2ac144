package dev.sluice.control.peer;

import dev.sluice.control.failover.Register;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.Optional;

/** Is told what a follower hears of a primary, on the transport's threads: must not block. */
public interface PrimaryHeard {

    /** Nobody wants to know. */
    PrimaryHeard NOBODY =
            new PrimaryHeard() {
                @Override
                public boolean heard(NodeId master, Ballot ballot, Optional<Register> register) {
                    return true;
                }

                @Override
                public void ended(NodeId master) {}
            };

    /**
     * A master that is primary was heard.
     *
     * @param register the last one that a majority accepted, if it said so
     * @return false to leave it: a primary with a higher ballot is known, or this one is not
     *     remembered yet
     */
    boolean heard(NodeId master, Ballot ballot, Optional<Register> register);

    /** A primary said up to where it has committed. */
    default void committed(NodeId master, long index) {}

    /** The session with a master that was primary has ended. */
    void ended(NodeId master);
}
