package dev.sluice.loadtest.clients;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Asks every site itself, past agents and masters, whether it accepts; keeps the lowest share seen
 * of each region.
 */
public final class AdmissionSampler implements AutoCloseable {

    private static final int PAUSE_MILLIS = 100;
    private static final int ANSWER_BOUND = 4096;

    private final Map<String, List<Path>> socketsByRegion;
    private final SortedMap<String, Integer> lowest = new TreeMap<>();
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;

    /** Starts to ask the control sockets of each region's sites. */
    public AdmissionSampler(Map<String, List<Path>> socketsByRegion) {
        this.socketsByRegion = new TreeMap<>(socketsByRegion);
        this.thread = Thread.ofPlatform().name("admission-sampler").start(this::run);
    }

    private void run() {
        try {
            do {
                sample();
            } while (!stop.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void sample() {
        socketsByRegion.forEach((region, sockets) -> {
            int accepting =
                    Math.toIntExact(sockets.stream().filter(AdmissionSampler::accepts).count());
            synchronized (lowest) {
                lowest.merge(region, accepting, Math::min);
            }
        });
    }

    private static boolean accepts(Path socket) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            boolean _ = channel.connect(UnixDomainSocketAddress.of(socket));
            ByteBuffer request = StandardCharsets.UTF_8.encode("status\n");
            while (request.hasRemaining()) {
                int _ = channel.write(request);
            }
            ByteBuffer answer = ByteBuffer.allocate(ANSWER_BOUND);
            while (answer.hasRemaining() && channel.read(answer) >= 0) {
                if (answer.position() > 0 && answer.get(answer.position() - 1) == '\n') {
                    break;
                }
            }
            return StandardCharsets.UTF_8
                    .decode(answer.flip())
                    .toString()
                    .contains("\"accepting\":true");
        } catch (IOException _) {
            return false;
        }
    }

    /** The smallest number of nodes seen accepting at once, by region. */
    public SortedMap<String, Integer> lowest() {
        synchronized (lowest) {
            return Collections.unmodifiableSortedMap(new TreeMap<>(lowest));
        }
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
