package dev.sluice.loadtest.bench;

import dev.sluice.loadtest.testbed.OperatorClient;
import dev.sluice.v1.SetConfigurationRequest;
import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * An operator who changes a setting again and again, at whichever master decides, and notes what
 * was acknowledged and when.
 */
final class DecisionLoad implements AutoCloseable {

    private static final String KEY = "site.bench";
    private static final int PAUSE_MILLIS = 10;
    private static final Duration CALL = Duration.ofMillis(1500);

    private final List<OperatorClient> masters;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final List<Acknowledged> acknowledged = new ArrayList<>();
    private final Thread thread;

    /** A decision that a master has answered for. */
    private record Acknowledged(int number, long atNanos) {}

    /** Starts; the clients are closed by their owner. */
    DecisionLoad(List<OperatorClient> masters) {
        this.masters = List.copyOf(masters);
        this.thread = Thread.ofPlatform().name("decisions").start(this::run);
    }

    private void run() {
        int at = 0;
        int number = 0;
        try {
            while (!stop.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
                number++;
                if (decide(masters.get(at), number)) {
                    note(number);
                } else {
                    at = (at + 1) % masters.size();
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean decide(OperatorClient master, int number) {
        try {
            var _ =
                    master.calls(CALL)
                            .setConfiguration(
                                    SetConfigurationRequest.newBuilder()
                                            .setKey(KEY)
                                            .setValue(String.valueOf(number))
                                            .build());
            return true;
        } catch (StatusRuntimeException _) {
            return false;
        }
    }

    private synchronized void note(int number) {
        acknowledged.add(new Acknowledged(number, System.nanoTime()));
    }

    synchronized int count() {
        return acknowledged.size();
    }

    /** How long after an instant the first decision was acknowledged; negative: none yet. */
    synchronized long nanosUntilDecision(long afterNanos) {
        for (int i = acknowledged.size() - 1; i >= 0; i--) {
            boolean isFirst = i == 0 || acknowledged.get(i - 1).atNanos() - afterNanos <= 0;
            if (acknowledged.get(i).atNanos() - afterNanos > 0 && isFirst) {
                return acknowledged.get(i).atNanos() - afterNanos;
            }
        }
        return -1;
    }

    /** Acknowledged decisions that the journal of a master does not have. */
    synchronized List<Integer> missingAt(OperatorClient master) {
        Set<String> there = new HashSet<>();
        Iterator<WatchEventsResponse> events =
                master.calls(Duration.ofMinutes(1))
                        .watchEvents(WatchEventsRequest.newBuilder().setFromIndex(1).build());
        while (events.hasNext()) {
            WatchEventsResponse event = events.next();
            if (event.getType().equals("SettingChanged")) {
                there.add(event.getSummary());
            }
        }
        return acknowledged.stream()
                .map(Acknowledged::number)
                .filter(n -> !there.contains("setting %s is now \"%d\"".formatted(KEY, n)))
                .toList();
    }

    @Override
    public void close() {
        stop.countDown();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
