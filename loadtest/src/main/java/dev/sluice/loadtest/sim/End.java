package dev.sluice.loadtest.sim;

import com.google.protobuf.Message;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** One end of a connection, with what it has sent and the other end has not got yet. */
final class End {

    /** So many messages on their way make the transport full; it has room again at half of that. */
    private static final int FULL = 64;

    private record Sent(long dueAt, @Nullable Message message, String closing) {}

    private final Connection connection;
    private final Life owner;
    private final ArrayDeque<Sent> underWay = new ArrayDeque<>();
    private Receiver receiver;
    private boolean open = true;
    private boolean full;
    private boolean pumping;
    private long silentNanos;

    End(Connection connection, Life owner, Receiver receiver) {
        this.connection = connection;
        this.owner = owner;
        this.receiver = receiver;
        owner.onEnd(this::ownerEnded);
    }

    Life owner() {
        return owner;
    }

    boolean isOpen() {
        return open;
    }

    void receiver(Receiver next) {
        receiver = next;
    }

    void send(Message message) {
        owner.point();
        if (open) {
            queue(new Sent(connection.arrival(this), message, ""));
            full |= underWay.size() >= FULL;
        }
    }

    boolean isReady() {
        return open && !full;
    }

    /** Ends it in order: what was sent before still arrives. */
    void close(String why) {
        owner.point();
        if (open) {
            open = false;
            queue(new Sent(connection.arrival(this), null, why));
        }
    }

    /** The machine closes it when its process ends, unless it has no power to do so. */
    private void ownerEnded() {
        if (owner.isSilenced()) {
            open = false;
            underWay.clear();
        } else {
            hangUp();
        }
    }

    private void hangUp() {
        if (open) {
            open = false;
            queue(new Sent(connection.arrival(this), null, "connection closed"));
        }
    }

    private void queue(Sent sent) {
        underWay.add(sent);
        pump();
    }

    /** Brings what is due to the other end, as long as the way there is not cut. */
    void pump() {
        End other = connection.otherOf(this);
        if (pumping || underWay.isEmpty() || other == null || connection.isCutFrom(this)) {
            return;
        }
        pumping = true;
        long wait = underWay.getFirst().dueAt() - connection.now();
        connection.schedule().after(wait, () -> arrive(other));
    }

    private void arrive(End other) {
        pumping = false;
        if (underWay.isEmpty() || connection.isCutFrom(this)) {
            return;
        }
        Sent sent = underWay.remove();
        if (full && underWay.size() <= FULL / 2) {
            full = false;
            owner.run(() -> receiver.ready());
        }
        other.take(sent);
        pump();
    }

    private void take(Sent sent) {
        Message message = sent.message();
        if (message == null) {
            closed(sent.closing());
        } else if (open) {
            owner.run(() -> {
                if (open) {
                    receiver.message(message);
                }
            });
        }
    }

    /** The other end is gone, or counts as gone. */
    void closed(String why) {
        underWay.clear();
        owner.run(() -> {
            if (open) {
                open = false;
                receiver.closed(why);
            }
        });
    }

    void lose() {
        underWay.clear();
    }

    /** Counts how long the other end has answered no ping. */
    void look(long nanos, boolean answers) {
        silentNanos = answers ? 0 : silentNanos + nanos;
        if (open && owner.isAwake() && silentNanos >= Network.KEEPALIVE_NANOS) {
            closed("keepalive: no answer");
            queue(new Sent(connection.arrival(this), null, "connection reset"));
        }
    }
}
