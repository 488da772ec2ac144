package dev.sluice.loadtest.sim;

import com.google.protobuf.Message;
import org.jspecify.annotations.Nullable;

/** Two processes that talk: the one that dialled and, once it has accepted, the other. */
final class Connection {

    private final Network network;
    private final End client;
    private @Nullable End server;
    private boolean broken;
    private long lastArrival;

    Connection(Network network, Life from, Receiver receiver) {
        this.network = network;
        this.client = new End(this, from, receiver);
    }

    End client() {
        return client;
    }

    Schedule schedule() {
        return network.schedule();
    }

    long now() {
        return network.schedule().now();
    }

    @Nullable End otherOf(End end) {
        return end == client ? server : client;
    }

    boolean isUp() {
        return !broken && server != null && client.isOpen() && server.isOpen();
    }

    /** Neither end has anything to do with it any more. */
    boolean isGone() {
        End there = server;
        boolean clientDone = !client.isOpen() || client.owner().isOver();
        boolean serverDone = there == null ? broken : !there.isOpen() || there.owner().isOver();
        return clientDone && serverDone && now() - lastArrival > Network.KEEPALIVE_NANOS;
    }

    boolean isCutFrom(End end) {
        End other = otherOf(end);
        return other == null
                || broken
                || network.isCut(end.owner().machine(), other.owner().machine());
    }

    /** When what is sent now arrives: after all that was sent before. */
    long arrival(End from) {
        End other = otherOf(from);
        long delay =
                other == null ? 0 : network.delay(from.owner().machine(), other.owner().machine());
        lastArrival = Math.max(lastArrival, now() + delay);
        return lastArrival;
    }

    void accepted(Life owner, String peer, Network.Acceptor acceptor) {
        if (broken || client.owner().isOver()) {
            return;
        }
        End end = new End(this, owner, NOBODY);
        server = end;
        owner.run(() -> {
            if (end.isOpen()) {
                end.receiver(acceptor.accept(end, peer));
            }
        });
        client.pump();
    }

    private static final Receiver NOBODY =
            new Receiver() {
                @Override
                public void message(Message message) {}

                @Override
                public void closed(String why) {}
            };

    void pump() {
        client.pump();
        if (server != null) {
            server.pump();
        }
    }

    void breakBoth(String why) {
        breakOneEnd(true, why);
        breakOneEnd(false, why);
    }

    /** One end learns that it is over; the other one has to find out. */
    void breakOneEnd(boolean atClient, String why) {
        broken = true;
        client.lose();
        if (server != null) {
            server.lose();
        }
        if (atClient) {
            client.closed(why);
        } else if (server != null) {
            server.closed(why);
        }
    }

    void look(long nanos) {
        End there = server;
        if (there == null) {
            return;
        }
        boolean wayIsOpen = !isCutFrom(client) && !isCutFrom(there);
        client.look(nanos, wayIsOpen && there.owner().isAwake());
        there.look(nanos, wayIsOpen && client.owner().isAwake());
    }

    @Override
    public String toString() {
        return client.owner() + " - " + (server == null ? "nobody" : server.owner().toString());
    }
}
