package dev.sluice.control.peer;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.replication.FollowerCore;
import dev.sluice.control.state.Office;
import dev.sluice.v1.FollowRequest;
import dev.sluice.v1.FollowResponse;
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
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backup's side of replication: while it may follow, finds the primary among the other masters
 * and does what {@link FollowerCore} makes of its messages.
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
    private final PrimaryHeard heard;
    private final BooleanSupplier mayFollow;
    private final LongSupplier ticker;
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread;
    private volatile boolean closing;
    private volatile String lastComplaint = "";

    /**
     * Starts the thread that follows.
     *
     * @param masters channels to the other masters; closed by their owner
     * @param mayFollow false while this master is or becomes primary
     * @param ticker nanoseconds of a monotonic clock
     */
    public Follower(
            NodeId self,
            String version,
            Controller controller,
            SortedMap<NodeId, ManagedChannel> masters,
            PeerTable peers,
            PrimaryHeard heard,
            BooleanSupplier mayFollow,
            LongSupplier ticker) {
        this.self = self;
        this.version = version;
        this.controller = controller;
        this.masters = new TreeMap<>(masters);
        this.peers = peers;
        this.heard = heard;
        this.mayFollow = mayFollow;
        this.ticker = ticker;
        this.thread = Thread.ofPlatform().name("follower").unstarted(this::run);
        controller.subscribe((_, _) -> look());
        thread.start();
    }

    /** Whether it is another master's turn by this one's journal. */
    public static BooleanSupplier byOffice(NodeId self, Controller controller) {
        return () -> {
            Office office = controller.state().office();
            return !controller.isInOffice() && (office == null || !office.entitled().equals(self));
        };
    }

    /** Makes it look for a primary now, without waiting for the pause between two attempts. */
    public void look() {
        wake.release();
    }

    private boolean mayFollow() {
        return mayFollow.getAsBoolean();
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
            heard.ended(master);
            LOG.info(
                    "Following master {} ends at entry {}",
                    master,
                    controller.durablePosition().index());
        }
        return session.accepted;
    }

    /** One attempt to follow a master. */
    private final class Session implements ClientResponseObserver<FollowRequest, FollowResponse> {
        private final NodeId master;
        private final CountDownLatch ended = new CountDownLatch(1);
        private final FollowerCore core;
        private @Nullable ClientCallStreamObserver<FollowRequest> requests;
        private volatile long heardAt = ticker.getAsLong();
        private volatile boolean accepted;
        private boolean cancelled;

        Session(NodeId master) {
            this.master = master;
            this.core = new FollowerCore(controller.durablePosition(), ownBallot());
        }

        private @Nullable Ballot ownBallot() {
            Office office = controller.state().office();
            return office == null ? null : office.ballot();
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<FollowRequest> stream) {
            requests = stream;
        }

        boolean isSilent() {
            return ticker.getAsLong() - heardAt > SILENCE_NANOS;
        }

        void sendPosition() {
            send(
                    ReplicationWire.position(
                            controller.replica(), version, controller.durablePosition()));
        }

        private synchronized void send(FollowRequest request) {
            if (requests != null && isOpen()) {
                requests.onNext(request);
            }
        }

        synchronized void cancel(String why) {
            if (requests != null && isOpen()) {
                cancelled = true;
                requests.cancel(why, null);
            }
        }

        /** After either end nothing may be sent, not even the end: gRPC throws. */
        private boolean isOpen() {
            return !cancelled && ended.getCount() > 0;
        }

        @Override
        public void onNext(FollowResponse response) {
            heardAt = ticker.getAsLong();
            FollowerCore.Message message;
            try {
                message = ReplicationWire.read(response);
            } catch (IllegalArgumentException e) {
                leave("it sent " + e.getMessage());
                return;
            }
            perform(() -> core.hear(message));
            if (response.hasAccepted() && accepted) {
                peers.leads(master, response.getAccepted().getControlPlaneVersion());
                LOG.info(
                        "Following master {} from entry {}",
                        master,
                        controller.durablePosition().index());
            }
        }

        /** The core is asked by the transport's threads and by the writer's. */
        private void perform(Supplier<List<FollowerCore.Action>> ask) {
            List<FollowerCore.Action> actions;
            synchronized (core) {
                actions = ask.get();
            }
            actions.forEach(this::perform);
        }

        private void perform(FollowerCore.Action action) {
            switch (action) {
                case FollowerCore.Action.Heard(var ballot, var register) -> {
                    if (heard.heard(master, ballot, register)) {
                        accepted = true;
                    } else {
                        leave("a primary above ballot %s is known".formatted(ballot));
                    }
                }
                case FollowerCore.Action.Append(var firstIndex, var payloads) ->
                        append(firstIndex, payloads);
                case FollowerCore.Action.AskWriter _ -> askWriter();
                case FollowerCore.Action.Acknowledge(var index) -> send(ReplicationWire.ack(index));
                case FollowerCore.Action.Resync(var refusal, var detail, var _) ->
                        leave("%s: %s; this journal needs a resync".formatted(refusal, detail));
                case FollowerCore.Action.Leave(var why) -> leave(why);
            }
        }

        private void append(long firstIndex, List<byte[]> payloads) {
            var _ =
                    controller
                            .replicate(firstIndex, payloads)
                            .whenComplete((position, failure) ->
                                    perform(() ->
                                            failure == null
                                                    ? core.durable(position)
                                                    : core.notTaken(
                                                            String.valueOf(failure.getMessage()))));
        }

        /** A writer that hangs at its disk must not be taken for one that lives. */
        private void askWriter() {
            var _ =
                    controller
                            .maintain(_ -> {})
                            .thenAccept(ran -> {
                                if (ran) {
                                    perform(() -> core.durable(controller.durablePosition()));
                                }
                            });
        }

        private void leave(String why) {
            complain(why);
            cancel(why);
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
                if (requests != null && isOpen()) {
                    requests.onCompleted();
                }
                ended.countDown();
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        look();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
