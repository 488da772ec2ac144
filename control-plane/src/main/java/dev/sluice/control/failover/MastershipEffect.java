package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;

/**
 * What has to be done about the election. Performed in order; when one fails, those after it are
 * not performed.
 */
public sealed interface MastershipEffect {

    /** Make it durable. */
    record Remember(Memory memory) implements MastershipEffect {}

    record Ask(NodeId node, long requestId, WitnessRequest request) implements MastershipEffect {}

    /** This master is primary: it takes office in its journal under the register's ballot. */
    record TakeOffice(Register register, String reason) implements MastershipEffect {}

    /**
     * A register that is about to be written: its in-sync set counts for commits from now on. If
     * replication can't have that, the effects after this one are not performed, and the write is
     * withdrawn.
     */
    record Writing(Register register) implements MastershipEffect {}

    /** A quorum has accepted the register. */
    record Written(Register register) implements MastershipEffect {}

    /** Somebody obeys a higher ballot: this process commands no more, and has to end. */
    record StandDown(Ballot higher, String reason) implements MastershipEffect {}
}
