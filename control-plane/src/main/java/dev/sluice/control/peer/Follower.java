package dev.sluice.control.peer;

import com.google.protobuf.ByteString;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Office;
import dev.sluice.v1.FollowRefused;
import dev.sluice.v1.FollowRequest;
import dev.sluice.v1.FollowResponse;
import dev.sluice.v1.FollowerAck;
import dev.sluice.v1.FollowerPosition;
import dev.sluice.v1.JournalEntries;
import dev.sluice.v1.ReplicationServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backup's side of replication: while another master's turn it is, finds the primary among the
 * others, takes over its entries and acknowledges what is durable here.
 */
public final class Follower implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Follower.class);

    /**
     * A primary sends a heartbeat each 200 ms; after this it counts as gone and is dialled anew.
     */
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long LOOK_EVERY_MILLIS = 200;
    private static final long SHORTEST_PAUSE_MILLIS = 20;
    private static final long LONGEST_PAUSE_MILLIS = 500;

    private final NodeId self;
    private final String version;
    private final Controller controller;
    private final SortedMap<NodeId, ManagedChannel> masters;
    private final PeerTable peers;
    private final LongSupplier ticker;
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread;
    private volatile boolean closing;
    private volatile String lastComplaint = "";

    /**
     * Starts the thread that follows.
     *
     * @param masters channels to the other masters; closed by their owner
     * @param ticker nanoseconds of a monotonic clock
     */
    public Follower(
            NodeId self,
            String version,
            Controller controller,
            SortedMap<NodeId, ManagedChannel> masters,
            PeerTable peers,
            LongSupplier ticker) {
        this.self = self;
        this.version = version;
        this.controller = controller;
        this.masters = new TreeMap<>(masters);
        this.peers = peers;
        this.ticker = ticker;
        this.thread = Thread.ofPlatform().name("follower").unstarted(this::run);
        controller.subscribe((_, _) -> wake.release());
        thread.start();
    }

    private boolean mayFollow() {
        Office office = controller.state().office();
        return !controller.isInOffice() && (office == null || !office.entitled().equals(self));
    }

    private void run() {
        long pause = SHORTEST_PAUSE_MILLIS;
        try {
            while (!closing) {
                boolean followed = false;
                for (NodeId master : candidates()) {
                    if (!closing && mayFollow()) {
                        followed |= follow(master, channel(master));
                    }
                }
                pause =
                        followed
                                ? SHORTEST_PAUSE_MILLIS
                                : Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
                wake.drainPermits();
                boolean _ =
                        wake.tryAcquire(
                                mayFollow() ? pause : LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private ManagedChannel channel(NodeId master) {
        ManagedChannel channel = masters.get(master);
        if (channel == null) {
            throw new IllegalStateException("no channel to master " + master);
        }
        return channel;
    }

    /** The other masters, the one whose turn it is first. */
    private List<NodeId> candidates() {
        List<NodeId> candidates = new ArrayList<>(masters.keySet());
        Office office = controller.state().office();
        if (office != null && candidates.remove(office.entitled())) {
            candidates.addFirst(office.entitled());
        }
        return candidates;
    }

    /** Follows one master until that ends; true when it was the primary. */
    private boolean follow(NodeId master, ManagedChannel channel) throws InterruptedException {
        Session session = new Session(master);
        ReplicationServiceGrpc.newStub(channel).follow(session);
        session.sendPosition();
        while (!session.ended.await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
            if (closing || !mayFollow() || session.isSilent()) {
                session.cancel("the follower leaves: closing, in office or hearing nothing");
            }
        }
        if (session.accepted) {
            peers.leadsNoMore(master);
            LOG.info("Following master {} ends at entry {}", master, controller.state().index());
        }
        return session.accepted;
    }

    private final class Session implements ClientResponseObserver<FollowRequest, FollowResponse> {
        private final NodeId master;
        private final CountDownLatch ended = new CountDownLatch(1);
        private @Nullable ClientCallStreamObserver<FollowRequest> requests;
        private volatile long heardAt = ticker.getAsLong();
        private volatile boolean accepted;

        Session(NodeId master) {
            this.master = master;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<FollowRequest> stream) {
            requests = stream;
        }

        boolean isSilent() {
            return ticker.getAsLong() - heardAt > SILENCE_NANOS;
        }

        void sendPosition() {
            JournalPosition position = controller.durablePosition();
            send(
                    FollowRequest.newBuilder()
                            .setPosition(
                                    FollowerPosition.newBuilder()
                                            .setMasterId(self.value())
                                            .setControlPlaneVersion(version)
                                            .setLastIndex(position.index())
                                            .setLastHash(
                                                    ByteString.copyFrom(
                                                            position.chainHash().toBytes())))
                            .build());
        }

        private synchronized void send(FollowRequest request) {
            if (requests != null && ended.getCount() > 0) {
                requests.onNext(request);
            }
        }

        synchronized void cancel(String why) {
            if (requests != null) {
                requests.cancel(why, null);
            }
        }

        @Override
        public void onNext(FollowResponse response) {
            heardAt = ticker.getAsLong();
            switch (response.getMessageCase()) {
                case ACCEPTED -> {
                    accepted = true;
                    peers.leads(master, response.getAccepted().getControlPlaneVersion());
                    LOG.info(
                            "Following master {} from entry {}",
                            master,
                            controller.state().index());
                }
                case ENTRIES -> take(response.getEntries());
                case HEARTBEAT -> {}
                case REFUSED -> refused(response.getRefused());
                case MESSAGE_NOT_SET -> cancel("a message of an unknown kind");
            }
        }

        private void take(JournalEntries entries) {
            List<byte[]> payloads =
                    entries.getPayloadsList().stream().map(ByteString::toByteArray).toList();
            ByteString expected = entries.getLastHash();
            var _ =
                    controller
                            .replicate(entries.getFirstIndex(), payloads)
                            .whenComplete((position, failure) -> {
                                if (failure != null) {
                                    complain("entries were not taken: " + failure.getMessage());
                                    cancel("entries were not taken");
                                } else {
                                    acknowledge(position, expected);
                                }
                            });
        }

        private void acknowledge(JournalPosition durable, ByteString expected) {
            if (!ByteString.copyFrom(durable.chainHash().toBytes()).equals(expected)) {
                LOG.error(
                        "Entry {} of master {} has another chain hash here; nothing more is taken from it",
                        durable.index(),
                        master);
                cancel("the journals diverged at entry " + durable.index());
                return;
            }
            send(
                    FollowRequest.newBuilder()
                            .setAck(FollowerAck.newBuilder().setIndex(durable.index()))
                            .build());
        }

        private void refused(FollowRefused refusal) {
            if (refusal.getReason() == FollowRefused.Reason.REASON_NOT_PRIMARY) {
                return;
            }
            complain(
                    "%s: %s; this journal needs a resync"
                            .formatted(refusal.getReason(), refusal.getDetail()));
        }

        /** Says once what will be the same at each further attempt. */
        private void complain(String problem) {
            String said = "Master %s can't follow master %s: %s".formatted(self, master, problem);
            if (!said.equals(lastComplaint)) {
                lastComplaint = said;
                LOG.error("{}", said);
            }
        }

        @Override
        public void onError(Throwable t) {
            ended.countDown();
        }

        @Override
        public void onCompleted() {
            synchronized (this) {
                if (requests != null && ended.getCount() > 0) {
                    requests.onCompleted();
                }
            }
            ended.countDown();
        }
    }

    @Override
    public void close() {
        closing = true;
        wake.release();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
