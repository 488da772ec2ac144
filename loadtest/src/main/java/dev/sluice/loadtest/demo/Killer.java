package dev.sluice.loadtest.demo;

import dev.sluice.loadtest.testbed.OperatorClient;
import dev.sluice.loadtest.testbed.Testbed;
import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a cluster's events and kills what was ordered, each order once, at the first step that
 * fits.
 */
final class Killer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Killer.class);
    private static final int RETRY_MILLIS = 100;

    private final Testbed testbed;
    private final OperatorClient operator;
    private final List<Kill> pending;
    private final List<String> done = new ArrayList<>();
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;
    private long nextIndex = 1;

    Killer(Testbed testbed, OperatorClient operator, List<Kill> kills) {
        this.testbed = testbed;
        this.operator = operator;
        this.pending = new ArrayList<>(kills);
        this.thread = Thread.ofPlatform().name("killer").start(this::run);
    }

    private void run() {
        try {
            while (stop.getCount() > 0 && hasPending()) {
                follow();
                boolean _ = stop.await(RETRY_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean hasPending() {
        return !pending.isEmpty();
    }

    private void follow() {
        try {
            Iterator<WatchEventsResponse> events =
                    operator.streams()
                            .watchEvents(
                                    WatchEventsRequest.newBuilder()
                                            .setFromIndex(nextIndex)
                                            .setFollow(true)
                                            .build());
            while (stop.getCount() > 0 && hasPending() && events.hasNext()) {
                WatchEventsResponse event = events.next();
                if (!on(event)) {
                    return;
                }
                nextIndex = event.getIndex() + 1;
            }
        } catch (StatusRuntimeException e) {
            LOG.debug("The event feed broke, which a kill may well do: {}", e.getStatus());
        }
    }

    /**
     * Carries out what the event triggers; false: nobody is primary now, so it has to be read
     * again.
     */
    private synchronized boolean on(WatchEventsResponse event) {
        for (Iterator<Kill> kills = pending.iterator(); kills.hasNext(); ) {
            Kill kill = kills.next();
            if (kill.isTriggeredBy(event)) {
                Optional<String> victim = carryOut(kill);
                if (victim.isEmpty()) {
                    return false;
                }
                kills.remove();
                done.add(
                        "%s: %s %s when %s (%s %s) began"
                                .formatted(
                                        kill,
                                        kill.isFreeze() ? "froze" : "killed",
                                        victim.get(),
                                        event.getStepId(),
                                        event.getStepKind(),
                                        event.getNode()));
            }
        }
        return true;
    }

    /** Returns who it was; empty: nobody is primary now. */
    private Optional<String> carryOut(Kill kill) {
        if (kill.victim() == Kill.Victim.AGENT) {
            testbed.killAgent(kill.agent());
            return Optional.of("the agent of " + kill.agent());
        }
        String primary = operator.status().getPrimary();
        if (primary.isEmpty()) {
            return Optional.empty();
        }
        String victim =
                kill.victim() == Kill.Victim.PRIMARY
                        ? primary
                        : testbed.layout().masters().stream()
                                .map(m -> m.id())
                                .filter(id -> !id.equals(primary))
                                .findFirst()
                                .orElseThrow();
        if (kill.isFreeze()) {
            testbed.freezeControlPlane(victim, kill.frozenFor());
        } else {
            testbed.killControlPlane(victim);
        }
        return Optional.of("the control plane of " + victim);
    }

    /** What was killed so far. */
    synchronized List<String> done() {
        return List.copyOf(done);
    }

    /** Orders whose step never began. */
    synchronized List<String> notDone() {
        return pending.stream().map(Kill::toString).toList();
    }

    @Override
    public void close() {
        stop.countDown();
        operator.close();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
