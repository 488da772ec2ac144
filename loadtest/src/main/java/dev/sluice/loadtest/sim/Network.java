package dev.sluice.loadtest.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Connections between processes: ordered both ways, as TCP is. Cut paths hold back what is sent; a
 * connection whose other end is not heard breaks, and what had not arrived is lost.
 */
final class Network {

    /** Both ends ping after 2 s of silence and wait 2 s for the answer. */
    static final long KEEPALIVE_NANOS = 4_000_000_000L;

    private static final long LOOK_NANOS = 500_000_000L;
    private static final long CONNECT_NANOS = 2_000_000_000L;

    /** Somebody who takes connections. */
    @FunctionalInterface
    interface Acceptor {
        Receiver accept(End end, String peer);
    }

    private record Listener(Life owner, Acceptor acceptor) {}

    /** From one machine to another; the way back is a path of its own. */
    record Path(String from, String to) implements Comparable<Path> {
        @Override
        public int compareTo(Path other) {
            int byFrom = from.compareTo(other.from);
            return byFrom != 0 ? byFrom : to.compareTo(other.to);
        }
    }

    private final Schedule schedule;
    private final Dice dice;
    private final Map<String, Listener> listeners = new TreeMap<>();
    private final Set<Path> cuts = new TreeSet<>();
    private final List<Connection> connections = new ArrayList<>();
    private final Map<Path, Long> latencies = new TreeMap<>();
    private double spikes;

    Network(Schedule schedule, Dice dice) {
        this.schedule = schedule;
        this.dice = dice;
        look();
    }

    Schedule schedule() {
        return schedule;
    }

    Dice dice() {
        return dice;
    }

    /** What part of the messages takes up to a second longer. */
    void spikes(double part) {
        spikes = part;
    }

    void latency(String from, String to, long nanos) {
        latencies.put(new Path(from, to), nanos);
    }

    long delay(Machine from, Machine to) {
        long usual = latencies.getOrDefault(new Path(from.name(), to.name()), 300_000L);
        long spread = usual + dice.between(0, usual);
        return dice.chance(spikes) ? spread + dice.between(0, 1_000_000_000L) : spread;
    }

    boolean isCut(Machine from, Machine to) {
        return cuts.contains(new Path(from.name(), to.name()));
    }

    void cut(String from, String to) {
        cuts.add(new Path(from, to));
    }

    void heal(String from, String to) {
        if (cuts.remove(new Path(from, to))) {
            List.copyOf(connections).forEach(Connection::pump);
        }
    }

    void healAll() {
        List.copyOf(cuts).forEach(path -> heal(path.from(), path.to()));
    }

    /** Takes connections to a service until its process ends. */
    void listen(String service, Life owner, Acceptor acceptor) {
        Listener listener = new Listener(owner, acceptor);
        listeners.put(service, listener);
        owner.onEnd(() -> listeners.remove(service, listener));
    }

    /**
     * Dials a service. What is sent before the connection is up waits for it.
     *
     * @param peer who the other end is told is calling, by certificate
     */
    End dial(Life from, String peer, Machine to, String service, Receiver receiver) {
        Connection connection = new Connection(this, from, receiver);
        connections.add(connection);
        long there = delay(from.machine(), to);
        schedule.after(
                there,
                () -> {
                    Listener listener = listeners.get(service);
                    if (isCut(from.machine(), to) || isCut(to, from.machine())) {
                        schedule.after(
                                CONNECT_NANOS, () -> connection.breakBoth("connect: timed out"));
                    } else if (listener == null || listener.owner().isOver()) {
                        schedule.after(there, () -> connection.breakBoth("connection refused"));
                    } else {
                        connection.accepted(listener.owner(), peer, listener.acceptor());
                    }
                });
        return connection.client();
    }

    /** Breaks one of the connections that are up; what had not arrived is lost. */
    @Nullable String breakOne(boolean halfOpen) {
        List<Connection> up = connections.stream().filter(Connection::isUp).toList();
        if (up.isEmpty()) {
            return null;
        }
        Connection chosen = dice.pick(up);
        if (halfOpen) {
            chosen.breakOneEnd(dice.chance(0.5), "connection reset");
        } else {
            chosen.breakBoth("connection reset");
        }
        return chosen.toString();
    }

    /** Half-open connections make no event of their own: time has to find them. */
    private void look() {
        connections.removeIf(Connection::isGone);
        List.copyOf(connections).forEach(c -> c.look(LOOK_NANOS));
        schedule.after(LOOK_NANOS, this::look);
    }
}
