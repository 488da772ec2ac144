package dev.sluice.loadtest.clients;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients that hold sessions with traffic nodes and open new ones all the time, as customers do:
 * each client of a region tries the region's nodes until one takes it, stays for a while, leaves,
 * and comes back.
 */
public final class ClientLoad implements AutoCloseable {

    private static final int CONNECT_TIMEOUT_MILLIS = 2_000;

    /** A node that does not answer a PING for this long has dropped the session. */
    private static final int READ_TIMEOUT_MILLIS = 5_000;

    private static final int PING_EVERY_MILLIS = 250;
    private static final int PAUSE_MILLIS = 50;

    /**
     * What the clients are.
     *
     * @param perRegion clients in each region
     * @param shortest a session lasts at least this
     * @param longest and at most this
     * @param seed of their behaviour
     */
    public record Profile(int perRegion, Duration shortest, Duration longest, long seed) {}

    /**
     * What the clients saw.
     *
     * @param opened sessions that a node took
     * @param ended sessions that their client ended
     * @param cut sessions that ended any other way
     * @param refused attempts for which every node of the region declined, twice in a row
     * @param cuts the first of the cuts, for people
     */
    public record Seen(
            long opened,
            long ended,
            long cut,
            long refused,
            SortedMap<String, Long> byVersion,
            List<String> cuts) {
        public Seen {
            byVersion = Collections.unmodifiableSortedMap(new TreeMap<>(byVersion));
            cuts = List.copyOf(cuts);
        }
    }

    private static final int CUTS_KEPT = 20;

    private final AtomicLong opened = new AtomicLong();
    private final AtomicLong ended = new AtomicLong();
    private final AtomicLong cut = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final SortedMap<String, Long> byVersion = new TreeMap<>();
    private final List<String> cuts = new ArrayList<>();
    private final CountDownLatch stop = new CountDownLatch(1);
    private final List<Thread> threads = new ArrayList<>();

    /** Starts the clients. */
    public ClientLoad(Map<String, List<InetSocketAddress>> nodesByRegion, Profile profile) {
        Random seeds = new Random(profile.seed());
        for (var region : new TreeMap<>(nodesByRegion).entrySet()) {
            for (int i = 0; i < profile.perRegion(); i++) {
                String id = region.getKey() + "-client-" + i;
                Random random = new Random(seeds.nextLong());
                List<InetSocketAddress> nodes = List.copyOf(region.getValue());
                threads.add(
                        Thread.ofVirtual()
                                .name(id)
                                .start(() -> new Client(id, nodes, profile, random).run()));
            }
        }
    }

    public Seen seen() {
        synchronized (cuts) {
            return new Seen(opened.get(), ended.get(), cut.get(), refused.get(), byVersion, cuts);
        }
    }

    private final class Client {
        private final String id;
        private final List<InetSocketAddress> nodes;
        private final Profile profile;
        private final Random random;

        Client(String id, List<InetSocketAddress> nodes, Profile profile, Random random) {
            this.id = id;
            this.nodes = nodes;
            this.profile = profile;
            this.random = random;
        }

        void run() {
            try {
                while (stop.getCount() > 0) {
                    attempt();
                    boolean _ = stop.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }

        /**
         * Tries every node of the region. One round may miss: a node may close behind the client's
         * back while another opens. Two rounds in a row without a taker count as a refusal.
         */
        private void attempt() throws InterruptedException {
            for (int round = 0; round < 2; round++) {
                List<InetSocketAddress> order = new ArrayList<>(nodes);
                Collections.shuffle(order, random);
                for (InetSocketAddress node : order) {
                    if (stop.getCount() == 0 || session(node)) {
                        return;
                    }
                }
            }
            refused.incrementAndGet();
        }

        /** Holds one session; false when the node did not take it. */
        private boolean session(InetSocketAddress node) throws InterruptedException {
            String version;
            try (Socket socket = new Socket()) {
                BufferedReader in;
                OutputStream out;
                try {
                    socket.connect(node, CONNECT_TIMEOUT_MILLIS);
                    socket.setSoTimeout(READ_TIMEOUT_MILLIS);
                    socket.setTcpNoDelay(true);
                    in =
                            new BufferedReader(
                                    new InputStreamReader(
                                            socket.getInputStream(), StandardCharsets.UTF_8));
                    out = socket.getOutputStream();
                    say(out, "HELLO customer " + id);
                    String answer = in.readLine();
                    if (answer == null || !answer.startsWith("WELCOME ")) {
                        return false;
                    }
                    version = answer.split(" ", -1)[1];
                } catch (IOException _) {
                    // It was not taken yet: the client goes to another node, as it would when told
                    // so.
                    return false;
                }
                opened.incrementAndGet();
                synchronized (cuts) {
                    byVersion.merge(version, 1L, Long::sum);
                }
                hold(node, in, out);
                return true;
            } catch (IOException _) {
                return true;
            }
        }

        private void hold(InetSocketAddress node, BufferedReader in, OutputStream out)
                throws InterruptedException {
            long spread = profile.longest().minus(profile.shortest()).toMillis();
            long lasts = profile.shortest().toMillis() + (spread > 0 ? random.nextLong(spread) : 0);
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(lasts);
            int ping = 0;
            try {
                while (stop.getCount() > 0 && System.nanoTime() < end) {
                    say(out, "PING " + ping);
                    String answer = in.readLine();
                    if (answer == null || !answer.startsWith("PONG " + ping)) {
                        wasCut(node, "it answered %s to PING %d".formatted(answer, ping));
                        return;
                    }
                    ping++;
                    boolean _ = stop.await(PING_EVERY_MILLIS, TimeUnit.MILLISECONDS);
                }
                say(out, "BYE");
                ended.incrementAndGet();
            } catch (SocketTimeoutException _) {
                wasCut(node, "no answer for %d ms".formatted(READ_TIMEOUT_MILLIS));
            } catch (IOException e) {
                wasCut(node, String.valueOf(e.getMessage()));
            }
        }

        private void wasCut(InetSocketAddress node, String how) {
            cut.incrementAndGet();
            synchronized (cuts) {
                if (cuts.size() < CUTS_KEPT) {
                    cuts.add("%s at port %d: %s".formatted(id, node.getPort(), how));
                }
            }
        }

        private static void say(OutputStream out, String line) throws IOException {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }

    /** Lets every client leave. */
    @Override
    public void close() {
        stop.countDown();
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
