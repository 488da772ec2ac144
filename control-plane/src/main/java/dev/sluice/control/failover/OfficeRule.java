package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Office;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides from a master's own durable log whether it may command.
 *
 * <p>The office moves only by an event in the log: the last primary names its successor as its last
 * decision, and the successor begins only when it has that event durably. There is one log, written
 * by one master at a time, so that no two masters can both find themselves entitled.
 *
 * @param self this master
 * @param founder the master that begins a cluster whose log is empty
 * @param incarnation distinguishes this process from earlier ones of the same master
 */
public record OfficeRule(NodeId self, NodeId founder, long incarnation) {

    /** What a master is to do about the office. */
    public sealed interface Role {

        /** Take office under this ballot. */
        record Entitled(Ballot ballot) implements Role {}

        /** Hold the office already, under this ballot. */
        record InOffice(Ballot ballot) implements Role {}

        /**
         * Follow another master.
         *
         * @param primary the one whose turn it is; empty while nothing is known
         */
        record Follower(Optional<NodeId> primary) implements Role {}
    }

    /**
     * The role of this master.
     *
     * @param highestSeen the highest ballot that any agent or master has shown this one; null: none
     */
    public Role role(ClusterState state, @Nullable Ballot highestSeen) {
        Office office = state.office();
        if (office == null) {
            return withoutLog(highestSeen);
        }
        if (!office.entitled().equals(self)) {
            return new Role.Follower(Optional.of(office.entitled()));
        }
        Ballot ballot = office.ballot();
        if (office.handedTo() == null
                && ballot.master().equals(self)
                && ballot.incarnation() == incarnation) {
            return new Role.InOffice(ballot);
        }
        if (highestSeen == null || !highestSeen.isAbove(ballot)) {
            return entitledAbove(ballot);
        }
        return highestSeen.master().equals(self)
                ? entitledAbove(highestSeen)
                : new Role.Follower(Optional.of(highestSeen.master()));
    }

    /**
     * An empty log under another master's ballot is not a new cluster's but a lost one: founding
     * again would take the nodes away from the master that has the decisions.
     */
    private Role withoutLog(@Nullable Ballot highestSeen) {
        if (highestSeen != null && !highestSeen.master().equals(self)) {
            return new Role.Follower(Optional.of(highestSeen.master()));
        }
        return self.equals(founder)
                ? entitledAbove(highestSeen)
                : new Role.Follower(Optional.of(founder));
    }

    private Role.Entitled entitledAbove(@Nullable Ballot highest) {
        return new Role.Entitled(
                highest == null
                        ? new Ballot(0, 1, self, incarnation)
                        : highest.next(self, incarnation));
    }
}
