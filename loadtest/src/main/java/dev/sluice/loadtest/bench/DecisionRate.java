package dev.sluice.loadtest.bench;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Deciders that each have one command decided after the other.
 *
 * @param perSecond decisions that were answered
 * @param p50Nanos how long half of them took at most
 * @param p99Nanos how long 99 of 100 took at most
 */
record DecisionRate(double perSecond, long p50Nanos, long p99Nanos) {

    /** Answers remembered for the percentiles. */
    private static final int MOST_REMEMBERED = 1_000_000;

    private static final int SETTINGS = 1000;

    static DecisionRate measure(Controller controller, int deciders, Duration warmUp, Duration time)
            throws InterruptedException, ExecutionException {
        long from = System.nanoTime() + warmUp.toNanos();
        long to = from + time.toNanos();
        CountDownLatch end = new CountDownLatch(deciders);
        List<Future<long[]>> results = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < deciders; i++) {
                int decider = i;
                results.add(
                        threads.submit(() -> {
                            try {
                                return decide(
                                        controller,
                                        decider,
                                        from,
                                        to,
                                        Math.max(100, MOST_REMEMBERED / deciders));
                            } finally {
                                end.countDown();
                            }
                        }));
            }
            end.await();
        }
        List<long[]> all = new ArrayList<>();
        for (Future<long[]> result : results) {
            all.add(result.get());
        }
        long[] nanos = all.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        if (nanos.length == 0) {
            throw new IllegalStateException("commit benchmark: nothing was decided");
        }
        return new DecisionRate(
                nanos.length / (time.toNanos() / 1e9),
                nanos[nanos.length / 2],
                nanos[nanos.length * 99 / 100]);
    }

    private static long[] decide(Controller controller, int decider, long from, long to, int atMost)
            throws InterruptedException, ExecutionException, TimeoutException {
        long[] nanos = new long[atMost];
        int count = 0;
        long before = System.nanoTime();
        for (int i = 0; before < to && count < atMost; i++) {
            Decision decision =
                    controller
                            .submit(
                                    new Command.ChangeSetting(
                                            "site.key" + (decider + i) % SETTINGS,
                                            Optional.of("value-%d-%d".formatted(decider, i)),
                                            false,
                                            new Actor("benchmark")))
                            .get(30, TimeUnit.SECONDS);
            if (decision instanceof Decision.Rejected(var refusal)) {
                throw new IllegalStateException("commit benchmark: refused: " + refusal);
            }
            long after = System.nanoTime();
            if (before >= from) {
                nanos[count++] = after - before;
            }
            before = after;
        }
        return Arrays.copyOf(nanos, count);
    }
}
