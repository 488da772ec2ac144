package dev.sluice.loadtest.sim;

import com.google.protobuf.Message;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.peer.InSync;
import dev.sluice.control.peer.PeerTable;
import dev.sluice.control.peer.ReplicationWire;
import dev.sluice.control.replication.FollowerCore;
import dev.sluice.control.replication.RecentBatches;
import dev.sluice.control.replication.Shipment;
import dev.sluice.v1.FollowRequest;
import dev.sluice.v1.FollowerPosition;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The primary's side of one follower: judges where its journal ends, and sends what it lacks. */
final class SimShipper implements Receiver {

    private static final long HEARTBEAT_NANOS = Duration.ofMillis(200).toNanos();
    private static final int MAX_BATCH_BYTES = 512 << 10;

    /** What all shippers of a master share. */
    record Ports(
            Life life,
            NodeId self,
            String version,
            Controller controller,
            InSync inSync,
            PeerTable peers,
            Supplier<Optional<Register>> register,
            SortedMap<NodeId, SimShipper> current,
            Runnable wake) {}

    private final Ports ports;
    private final End end;
    private final NodeId follower;
    private @Nullable Shipment shipment;
    private Optional<Replica> replica = Optional.empty();
    private long session;
    private boolean closed;
    private boolean pumping;
    private long saidAt;

    SimShipper(Ports ports, End end, String peer) {
        this.ports = ports;
        this.end = end;
        this.follower = new NodeId(peer);
    }

    @Override
    public void message(Message message) {
        FollowRequest request = (FollowRequest) message;
        switch (request.getMessageCase()) {
            case POSITION -> {
                try {
                    begin(request.getPosition());
                } catch (IOException e) {
                    end.close("follow: " + e.getMessage());
                }
            }
            case ACK -> acknowledged(request.getAck().getIndex());
            case MESSAGE_NOT_SET -> {}
        }
    }

    private void begin(FollowerPosition position) throws IOException {
        Optional<Ballot> leading = ports.controller().leading();
        if (leading.isEmpty()) {
            refuse(FollowerCore.Refusal.NOT_PRIMARY, "not the primary", leading);
            return;
        }
        JournalPosition ends = ReplicationWire.position(position);
        if (ends.index() > ports.controller().durablePosition().index()
                && ends.index() <= ports.controller().lastIndex()) {
            end.close("entry %d is being made durable here".formatted(ends.index()));
            return;
        }
        switch (judge(ends)) {
            case Shipment.Start.Diverged(var detail) ->
                    refuse(FollowerCore.Refusal.DIVERGED, detail, leading);
            case Shipment.Start.TooOld(var detail) ->
                    refuse(FollowerCore.Refusal.TOO_OLD, detail, leading);
            case Shipment.Start.Accepted(var accepted) -> {
                shipment = accepted;
                replica = ReplicationWire.replica(position);
                replica.ifPresent(
                        r -> session = ports.inSync().connected(r, accepted.durableIndex()));
                end.send(
                        ReplicationWire.accepted(
                                leading.get(), ports.version(), ports.register().get()));
                ports.peers()
                        .follows(
                                follower,
                                position.getLastIndex(),
                                position.getControlPlaneVersion());
                SimShipper before = ports.current().put(follower, this);
                if (before != null) {
                    before.close();
                }
                ports.wake().run();
                saidAt = ports.life().machine().nanos();
                beat();
                pump();
            }
        }
    }

    private Shipment.Start judge(JournalPosition ends) throws IOException {
        long first = ports.controller().firstIndex();
        long last = ports.controller().durablePosition().index();
        boolean held = ends.index() >= first - 1 && ends.index() <= last;
        Optional<JournalPosition> here =
                held ? Optional.of(ports.controller().positionAt(ends.index())) : Optional.empty();
        return Shipment.begin(ends, here, first, last);
    }

    private void refuse(FollowerCore.Refusal refusal, String detail, Optional<Ballot> ballot) {
        end.send(
                ReplicationWire.refused(
                        refusal, detail, ballot, ports.register().get(), Optional.empty()));
        end.close("OK");
    }

    private void acknowledged(long index) {
        Shipment current = shipment;
        if (current == null || closed) {
            return;
        }
        current.acknowledged(index);
        long durable = current.durableIndex();
        replica.ifPresent(r -> ports.inSync().acknowledged(r, session, durable));
        if (ports.current().get(follower) == this) {
            ports.peers()
                    .acknowledged(
                            follower,
                            durable,
                            durable >= ports.controller().state().index(),
                            ports.life().machine().wall());
            ports.wake().run();
        }
        pump();
    }

    private void beat() {
        if (closed) {
            return;
        }
        Optional<Ballot> leading = ports.controller().leading();
        if (leading.isEmpty()) {
            end.close("OK");
            close();
            return;
        }
        long now = ports.life().machine().nanos();
        if (now - saidAt >= HEARTBEAT_NANOS) {
            saidAt = now;
            end.send(
                    ReplicationWire.heartbeat(
                            leading.get(),
                            ports.controller().state().index(),
                            ports.register().get()));
        }
        ports.life().after(HEARTBEAT_NANOS, this::beat);
    }

    /** Sends what there is, soon. */
    void pump() {
        if (!pumping && shipment != null) {
            pumping = true;
            ports.life()
                    .after(
                            0,
                            () -> {
                                pumping = false;
                                if (!closed && ports.controller().leading().isPresent()) {
                                    send();
                                }
                            });
        }
    }

    private void send() {
        try {
            if (sendNext()) {
                pump();
            }
        } catch (IOException e) {
            end.close("replication: " + e.getMessage());
            close();
        }
    }

    private boolean sendNext() throws IOException {
        Shipment current = shipment;
        if (current == null) {
            return false;
        }
        Optional<RecentBatches.Sent> recent = ports.inSync().recent(current.nextIndex());
        if (recent.isPresent()) {
            RecentBatches.Sent batch = recent.get();
            if (batch.bytes() > current.room() && !current.isNothingUnderWay()) {
                return false;
            }
            send(
                    current,
                    batch.firstIndex(),
                    batch.payloads(),
                    batch.last().chainHash(),
                    batch.bytes());
            return true;
        }
        if (current.room() == 0
                || ports.controller().durablePosition().index() < current.nextIndex()) {
            return false;
        }
        List<JournalEntry> entries =
                ports.controller()
                        .readDurable(
                                current.nextIndex(), Math.min(current.room(), MAX_BATCH_BYTES));
        if (entries.isEmpty()) {
            return false;
        }
        List<byte[]> payloads = entries.stream().map(JournalEntry::payload).toList();
        send(
                current,
                entries.getFirst().index(),
                payloads,
                entries.getLast().position().chainHash(),
                payloads.stream().mapToLong(payload -> payload.length).sum());
        return true;
    }

    private void send(
            Shipment to, long firstIndex, List<byte[]> payloads, ChainHash hash, long bytes) {
        to.sent(firstIndex + payloads.size() - 1, bytes);
        saidAt = ports.life().machine().nanos();
        end.send(ReplicationWire.entries(firstIndex, payloads, hash));
    }

    @Override
    public void closed(String why) {
        close();
    }

    void close() {
        if (!closed) {
            closed = true;
            if (shipment != null) {
                replica.ifPresent(r -> ports.inSync().left(r, session));
                if (ports.current().remove(follower, this)) {
                    ports.peers().followsNoMore(follower);
                    ports.wake().run();
                }
            }
        }
    }
}
