package dev.sluice.loadtest.testbed;

import dev.sluice.v1.GetStatusResponse;
import dev.sluice.v1.NodeStatus;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits, with a deadline, until a test cluster is as it should be, as its operators see it. */
public final class ClusterWait {

    private static final int LOOK_MILLIS = 100;

    private ClusterWait() {}

    /** Waits until every node serves and obeys the primary, and every master is connected. */
    public static List<NodeStatus> untilServing(
            Layout layout, OperatorClient operator, Duration deadline)
            throws IOException, InterruptedException {
        until(
                deadline,
                "the cluster to serve",
                () -> {
                    GetStatusResponse status = operator.status();
                    long following =
                            status.getMastersList().stream().filter(m -> m.getConnected()).count();
                    return status.getNodesAccepting() == layout.nodes().size()
                            && following == layout.masters().size()
                            && !status.getSharedAddressHolder().isEmpty()
                            && operator.nodes().getNodesList().stream()
                                    .allMatch(NodeStatus::getFenced);
                });
        return operator.nodes().getNodesList();
    }

    /**
     * Waits until a condition holds; a call that fails counts as not yet.
     *
     * @throws IOException when the deadline passed; says what was waited for, and the last failure
     */
    public static void until(Duration deadline, String what, BooleanSupplier condition)
            throws IOException, InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        long end = System.nanoTime() + deadline.toNanos();
        String why = "";
        while (System.nanoTime() < end) {
            try {
                if (condition.getAsBoolean()) {
                    return;
                }
                why = "the condition does not hold";
            } catch (StatusRuntimeException e) {
                why = String.valueOf(e.getStatus());
            }
            boolean _ = never.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
        throw new IOException("waited %s for %s: %s".formatted(deadline, what, why));
    }
}
