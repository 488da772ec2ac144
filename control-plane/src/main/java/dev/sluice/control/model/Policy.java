package dev.sluice.control.model;

import java.time.Duration;
import java.util.Optional;

/**
 * What the operator allows an upgrade to do.
 *
 * @param waves parts that a region's traffic nodes are upgraded in, 1 to 100; 2 are halves
 * @param canaries nodes per region that go ahead of the first wave, 0 or more
 * @param minAcceptingShare part of a region's accepting nodes, rounded down, that accepts at any
 *     time; 0 to 1
 * @param soak time after a SITE package before the next one
 */
public record Policy(
        int waves,
        int canaries,
        double minAcceptingShare,
        FailureBudget failureBudget,
        SingleNodeRegion singleNodeRegion,
        DrainPolicy drain,
        Duration soak,
        VerifyPolicy verify) {

    /**
     * Halves, half of the capacity kept, one failed node per region and two in all, drains of two
     * hours that then hold.
     */
    public static final Policy DEFAULT =
            new Policy(
                    2,
                    0,
                    0.5,
                    new FailureBudget(1, 2),
                    SingleNodeRegion.REFUSE,
                    new DrainPolicy(Duration.ofHours(2), OnDeadline.HOLD),
                    Duration.ofHours(24),
                    VerifyPolicy.DEFAULT);

    public Policy {
        require(waves >= 1 && waves <= 100, "waves", "1 to 100", waves);
        require(canaries >= 0, "canaries", "0 or more", canaries);
        require(
                minAcceptingShare >= 0 && minAcceptingShare <= 1,
                "minAcceptingShare",
                "0 to 1",
                minAcceptingShare);
        require(!soak.isNegative(), "soak", "a duration of 0 or more", soak);
    }

    private static void require(boolean holds, String key, String expected, Object found) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "policy.%s: expected %s, found %s".formatted(key, expected, found));
        }
    }

    /** Nodes that may fail before the upgrade halts. */
    public record FailureBudget(int perRegion, int total) {
        public FailureBudget {
            require(perRegion >= 0, "failureBudget.perRegion", "0 or more", perRegion);
            require(total >= 0, "failureBudget.total", "0 or more", total);
        }
    }

    /** Whether a region's only serving node may be taken out of service. */
    public enum SingleNodeRegion {
        REFUSE,
        INTERRUPT
    }

    /** How long clients may take to leave a node, and what happens then. */
    public record DrainPolicy(Duration deadline, OnDeadline onDeadline) {
        public DrainPolicy {
            require(
                    !deadline.isNegative() && !deadline.isZero(),
                    "drain.deadline",
                    "a duration above 0",
                    deadline);
        }
    }

    /** What happens to clients that are still connected when a drain's deadline has passed. */
    public enum OnDeadline {
        /** The step waits for the operator, who may extend, cut or abort. */
        HOLD,
        /** The step goes on waiting. */
        WAIT,
        /** The remaining clients are cut, and counted. */
        CUT
    }

    /**
     * The checks a verify step runs; the version that the node really runs is always checked.
     *
     * @param session open a test session through the node's own address
     * @param confirm whose verification an operator confirms
     * @param script file name of an operator's script on the node, in the agent's scripts folder
     */
    public record VerifyPolicy(boolean session, Confirm confirm, Optional<String> script) {
        public static final VerifyPolicy DEFAULT =
                new VerifyPolicy(true, Confirm.NONE, Optional.empty());
    }

    /** The nodes whose verification needs an operator's confirmation. */
    public enum Confirm {
        NONE,
        MASTERS,
        ALL
    }
}
