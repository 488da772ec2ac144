package dev.sluice.control.peer;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.Disk;
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
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
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

    /** Before a resync that failed is tried again. */
    private static final long RESYNC_PAUSE_MILLIS = 5_000;

    private final Ports ports;
    private final NodeId self;
    private final Controller controller;
    private final SortedMap<NodeId, ManagedChannel> masters;
    private final PeerTable peers;
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread;
    private volatile @Nullable Session current;
    private volatile boolean closing;
    private volatile String lastComplaint = "";

    /**
     * What a follower works with.
     *
     * @param masters channels to the other masters; closed by their owner
     * @param mayFollow false while this master is or becomes primary
     * @param archive where entries that are taken back, and journals that are given up, are kept
     * @param incoming where a primary's snapshot arrives
     * @param onReplaced told when this master's journal was begun anew, on the follower's thread
     * @param ticker nanoseconds of a monotonic clock
     */
    public record Ports(
            NodeId self,
            String version,
            Controller controller,
            SortedMap<NodeId, ManagedChannel> masters,
            PeerTable peers,
            PrimaryHeard heard,
            BooleanSupplier mayFollow,
            Disk archive,
            Disk incoming,
            Consumer<Replica> onReplaced,
            LongSupplier ticker) {}

    /** Starts the thread that follows. */
    public Follower(Ports ports) {
        this.ports = ports;
        this.self = ports.self();
        this.controller = ports.controller();
        this.masters = new TreeMap<>(ports.masters());
        this.peers = ports.peers();
        this.thread = Thread.ofPlatform().name("follower").unstarted(this::run);
        controller.subscribe((_, _) -> look());
        thread.start();
    }

    /** Makes it look for a primary now, without waiting for the pause between two attempts. */
    public void look() {
        wake.release();
    }

    /**
     * Has this master's journal compared with the primary's anew, and repaired, now.
     *
     * @return why not; empty: it has begun
     */
    public Optional<String> resync() {
        if (!mayFollow()) {
            return Optional.of("master %s does not follow another one".formatted(self));
        }
        Session session = current;
        if (session != null) {
            session.cancel("the journal is to be compared anew");
        }
        look();
        return Optional.empty();
    }

    private boolean mayFollow() {
        return ports.mayFollow().getAsBoolean();
    }

    private void run() {
        long pause = SHORTEST_PAUSE_MILLIS;
        try {
            while (!closing) {
                Outcome best = Outcome.NOTHING;
                for (NodeId master : candidates()) {
                    if (!closing && mayFollow()) {
                        Outcome outcome = follow(master, channel(master));
                        best = outcome.compareTo(best) > 0 ? outcome : best;
                    }
                }
                pause =
                        switch (best) {
                            case FOLLOWED -> SHORTEST_PAUSE_MILLIS;
                            case NOT_REPAIRED -> RESYNC_PAUSE_MILLIS;
                            case NOTHING -> Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
                        };
                wake.drainPermits();
                boolean _ =
                        wake.tryAcquire(
                                mayFollow() ? pause : LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** What came of an attempt, the best last. */
    private enum Outcome {
        NOTHING,
        NOT_REPAIRED,
        FOLLOWED
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

    /** Follows one master until that ends, and repairs the journal if that is why it ends. */
    private Outcome follow(NodeId master, ManagedChannel channel) throws InterruptedException {
        Session session = new Session(master);
        current = session;
        // What a session does with a message never blocks, and each change of threads delays a
        // commit.
        ReplicationServiceGrpc.newStub(channel).withExecutor(Runnable::run).follow(session);
        session.sendPosition();
        while (!session.ended.await(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
            if (closing || !mayFollow() || session.isSilent()) {
                session.cancel("the follower leaves: closing, in office or hearing nothing");
            }
        }
        current = null;
        if (session.accepted) {
            peers.leadsNoMore(master);
            LOG.info(
                    "Following master {} ends at entry {}",
                    master,
                    controller.durablePosition().index());
        }
        if (session.heard) {
            ports.heard().ended(master);
        }
        String diverged = session.diverged;
        if (diverged != null) {
            return repair(master, channel, diverged);
        }
        return session.accepted ? Outcome.FOLLOWED : Outcome.NOTHING;
    }

    private Outcome repair(NodeId master, ManagedChannel channel, String why)
            throws InterruptedException {
        LOG.info("This journal is brought in line with that of master {}: {}", master, why);
        try {
            new Resync(
                            new Resync.Ports(
                                    self,
                                    controller,
                                    peers,
                                    ports.archive(),
                                    ports.incoming(),
                                    () -> !closing && mayFollow(),
                                    ports.onReplaced()),
                            master,
                            channel)
                    .run();
            return Outcome.FOLLOWED;
        } catch (Resync.FailedException e) {
            complain(master, "the journal can't be repaired: " + e.getMessage());
            return Outcome.NOT_REPAIRED;
        }
    }

    /** Says once what will be the same at each further attempt. */
    private void complain(NodeId master, String problem) {
        String said = "Master %s can't follow master %s: %s".formatted(self, master, problem);
        if (!said.equals(lastComplaint)) {
            lastComplaint = said;
            LOG.error("{}", said);
        }
    }

    /** One attempt to follow a master. */
    private final class Session implements ClientResponseObserver<FollowRequest, FollowResponse> {
        private final NodeId master;
        private final CountDownLatch ended = new CountDownLatch(1);
        private final FollowerCore core;
        private @Nullable ClientCallStreamObserver<FollowRequest> requests;
        private volatile long heardAt = ports.ticker().getAsLong();
        private volatile boolean accepted;
        private volatile boolean heard;
        private volatile @Nullable String diverged;
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
            return ports.ticker().getAsLong() - heardAt > SILENCE_NANOS;
        }

        void sendPosition() {
            send(
                    ReplicationWire.position(
                            controller.replica(), ports.version(), controller.durablePosition()));
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
            heardAt = ports.ticker().getAsLong();
            FollowerCore.Message message;
            try {
                message = ReplicationWire.read(response);
            } catch (IllegalArgumentException e) {
                leave("it sent " + e.getMessage());
                return;
            }
            perform(() -> core.hear(message));
            if (message instanceof FollowerCore.Message.Heartbeat(var _, var committed, var _)) {
                ports.heard().committed(master, committed);
            }
            if (response.hasAccepted() && heard) {
                accepted = true;
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
                    heard = ports.heard().heard(master, ballot, register);
                    if (!heard) {
                        cancel("ballot %s is not the one that is remembered".formatted(ballot));
                    }
                }
                case FollowerCore.Action.Append(var firstIndex, var payloads) ->
                        append(firstIndex, payloads);
                case FollowerCore.Action.AskWriter _ -> askWriter();
                case FollowerCore.Action.Acknowledge(var index) -> send(ReplicationWire.ack(index));
                case FollowerCore.Action.Resync(var refusal, var detail, var _) -> {
                    if (heard) {
                        diverged = "%s: %s".formatted(refusal, detail);
                    }
                }
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
            complain(master, why);
            cancel(why);
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
