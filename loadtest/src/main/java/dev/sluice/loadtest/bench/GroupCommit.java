package dev.sluice.loadtest.bench;

import dev.sluice.control.journal.Journal;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;

/**
 * Producers that each append one event, wait until it is durable, and go on with the next, through
 * one writer thread: it takes what has queued up, appends it, forces once and answers, as the
 * controller does.
 */
final class GroupCommit {

    /**
     * What was measured.
     *
     * @param events events acknowledged as durable
     * @param forces how many fdatasyncs that took
     * @param seconds how long
     */
    record Measured(long events, long forces, double seconds) {
        double eventsPerSecond() {
            return events / seconds;
        }

        double forcesPerSecond() {
            return forces / seconds;
        }
    }

    private static final int MOST_QUEUED = 4096;
    private static final int MOST_BATCHED = 1024;

    private static final class Append {
        final byte[] payload;
        final CompletableFuture<Long> durable = new CompletableFuture<>();

        Append(byte[] payload) {
            this.payload = payload;
        }
    }

    /** Ends the writer, as the last thing in its queue. */
    private static final Append STOP = new Append(new byte[0]);

    private final Journal journal;
    private final byte[] payload;
    private final BlockingQueue<Append> queue = new ArrayBlockingQueue<>(MOST_QUEUED);
    private final LongAdder acknowledged = new LongAdder();
    private final LongAdder forces = new LongAdder();
    private volatile boolean running = true;

    GroupCommit(Journal journal, byte[] payload) {
        this.journal = journal;
        this.payload = payload;
    }

    Measured run(int producers, Duration warmUp, Duration time)
            throws IOException, InterruptedException, ExecutionException {
        try (ExecutorService writers = Executors.newSingleThreadExecutor();
                ExecutorService sessions = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> writer = writers.submit(this::write);
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < producers; i++) {
                all.add(sessions.submit(this::produce));
            }
            Thread.sleep(warmUp);
            long events = acknowledged.sum();
            long forced = forces.sum();
            long start = System.nanoTime();
            Thread.sleep(time);
            double seconds = (System.nanoTime() - start) / 1e9;
            Measured measured =
                    new Measured(acknowledged.sum() - events, forces.sum() - forced, seconds);
            running = false;
            for (Future<?> producer : all) {
                producer.get();
            }
            queue.put(STOP);
            writer.get();
            return measured;
        }
    }

    private Void write() throws InterruptedException {
        List<Append> batch = new ArrayList<>(MOST_BATCHED);
        List<byte[]> payloads = new ArrayList<>(MOST_BATCHED);
        while (true) {
            batch.add(queue.take());
            queue.drainTo(batch, MOST_BATCHED - 1);
            boolean last = batch.remove(STOP);
            batch.forEach(append -> payloads.add(append.payload));
            commit(batch, payloads);
            if (last) {
                return null;
            }
            batch.clear();
            payloads.clear();
        }
    }

    private void commit(List<Append> batch, List<byte[]> payloads) {
        try {
            long index = journal.append(payloads) - batch.size();
            journal.force();
            forces.increment();
            acknowledged.add(batch.size());
            for (Append append : batch) {
                append.durable.complete(++index);
            }
        } catch (IOException e) {
            batch.forEach(append -> append.durable.completeExceptionally(e));
        }
    }

    private Void produce() throws InterruptedException, ExecutionException {
        while (running) {
            Append append = new Append(payload);
            queue.put(append);
            append.durable.get();
        }
        return null;
    }
}
