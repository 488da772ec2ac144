package dev.sluice.loadtest.sim;

import com.google.protobuf.Message;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.journal.Disk;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.peer.PeerTable;
import dev.sluice.control.peer.ReplicationWire;
import dev.sluice.control.replication.FollowerCore;
import dev.sluice.control.state.Office;
import dev.sluice.v1.FollowRequest;
import dev.sluice.v1.FollowResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The backup's side: finds the primary among the other masters and follows it. */
final class SimFollower {

    private static final long SILENCE_NANOS = Duration.ofSeconds(2).toNanos();
    private static final long LOOK_NANOS = Duration.ofMillis(200).toNanos();
    private static final long SHORTEST_PAUSE_NANOS = Duration.ofMillis(20).toNanos();
    private static final long LONGEST_PAUSE_NANOS = Duration.ofMillis(500).toNanos();

    private final World world;
    private final Life life;
    private final NodeId self;
    private final String version;
    private final Controller controller;
    private final PeerTable peers;
    private final SimMaster master;
    private final Disk archive;
    private final Disk incoming;
    private List<NodeId> left = List.of();
    private long pause = SHORTEST_PAUSE_NANOS;
    private boolean hasFollowed;

    SimFollower(
            World world,
            Life life,
            NodeId self,
            String version,
            Controller controller,
            PeerTable peers,
            SimMaster master,
            Disk archive,
            Disk incoming) {
        this.world = world;
        this.life = life;
        this.self = self;
        this.version = version;
        this.controller = controller;
        this.peers = peers;
        this.master = master;
        this.archive = archive;
        this.incoming = incoming;
    }

    void start() {
        next();
    }

    /** Tries the next master; after the last one there is a pause. */
    private void next() {
        if (!master.mayFollow()) {
            left = List.of();
            life.after(LOOK_NANOS, this::next);
            return;
        }
        if (left.isEmpty()) {
            left = candidates();
            pause = hasFollowed ? SHORTEST_PAUSE_NANOS : Math.min(LONGEST_PAUSE_NANOS, pause * 2);
            hasFollowed = false;
            life.after(pause, this::follow);
        } else {
            follow();
        }
    }

    private void follow() {
        if (left.isEmpty() || !master.mayFollow()) {
            life.after(LOOK_NANOS, this::next);
            return;
        }
        NodeId next = left.getFirst();
        left = left.subList(1, left.size());
        Session session = new Session(next);
        session.end =
                world.network()
                        .dial(
                                life,
                                self.value(),
                                world.machine(next.value()),
                                World.replicationService(next.value()),
                                session);
        session.send(
                ReplicationWire.position(
                        controller.replica(), version, controller.durablePosition()));
        session.watch();
    }

    private List<NodeId> candidates() {
        List<NodeId> candidates = new ArrayList<>();
        world.masters().stream()
                .map(NodeId::new)
                .filter(m -> !m.equals(self))
                .forEach(candidates::add);
        Office office = controller.state().office();
        if (office != null && candidates.remove(office.entitled())) {
            candidates.addFirst(office.entitled());
        }
        return candidates;
    }

    private final class Session implements Receiver {
        private final NodeId followed;
        private final FollowerCore core;
        private @Nullable End end;
        private long heardAt = life.machine().nanos();
        private boolean accepted;
        private boolean repairing;
        private boolean over;

        Session(NodeId followed) {
            this.followed = followed;
            Office office = controller.state().office();
            @Nullable Ballot own = office == null ? null : office.ballot();
            this.core = new FollowerCore(controller.durablePosition(), own);
        }

        void send(FollowRequest request) {
            if (end != null && !over) {
                end.send(request);
            }
        }

        void watch() {
            life.after(
                    LOOK_NANOS,
                    () -> {
                        boolean silent = life.machine().nanos() - heardAt > SILENCE_NANOS;
                        if (!over && (silent || !master.mayFollow())) {
                            leave("silent or primary");
                        } else if (!over) {
                            watch();
                        }
                    });
        }

        @Override
        public void message(Message message) {
            heardAt = life.machine().nanos();
            FollowResponse response = (FollowResponse) message;
            perform(core.hear(ReplicationWire.read(response)));
            if (response.hasAccepted() && accepted && !over) {
                peers.leads(followed, response.getAccepted().getControlPlaneVersion());
                world.trace()
                        .say(
                                life.name(),
                                () ->
                                        "follows %s from entry %d"
                                                .formatted(
                                                        followed,
                                                        controller.durablePosition().index()));
            }
        }

        private void perform(List<FollowerCore.Action> actions) {
            for (FollowerCore.Action action : actions) {
                if (over) {
                    return;
                }
                switch (action) {
                    case FollowerCore.Action.Heard(var ballot, var register) -> {
                        if (master.heard(followed, ballot, register)) {
                            accepted = true;
                        } else {
                            leave("a higher primary is known");
                        }
                    }
                    case FollowerCore.Action.Append(var first, var payloads) ->
                            append(first, payloads);
                    case FollowerCore.Action.AskWriter _ -> askWriter();
                    case FollowerCore.Action.Acknowledge(var index) ->
                            send(ReplicationWire.ack(index));
                    case FollowerCore.Action.Resync(var refusal, var detail, var _) -> {
                        repairing = true;
                        leave("%s: %s".formatted(refusal, detail));
                    }
                    case FollowerCore.Action.Leave(var why) -> leave(why);
                }
            }
        }

        private void append(long first, List<byte[]> payloads) {
            if (world.mutation() == Mutation.ACKNOWLEDGES_BEFORE_FORCE) {
                send(ReplicationWire.ack(first + payloads.size() - 1));
            }
            var _ =
                    controller
                            .replicate(first, payloads)
                            .whenComplete((position, failure) ->
                                    perform(
                                            failure == null
                                                    ? core.durable(position)
                                                    : core.notTaken(
                                                            String.valueOf(failure.getMessage()))));
        }

        private void askWriter() {
            var _ =
                    controller
                            .maintain(_ -> {})
                            .thenAccept(ran -> {
                                if (ran) {
                                    perform(core.durable(controller.durablePosition()));
                                }
                            });
        }

        private void leave(String why) {
            if (end != null && end.isOpen()) {
                end.close(why);
            }
            ended(why);
        }

        @Override
        public void closed(String why) {
            ended(why);
        }

        private void ended(String why) {
            if (over) {
                return;
            }
            over = true;
            if (accepted) {
                hasFollowed = true;
                peers.leadsNoMore(followed);
                master.followsNoMore(followed);
                world.trace()
                        .say(life.name(), () -> "follows %s no more: %s".formatted(followed, why));
            }
            if (repairing) {
                repair(followed);
            } else {
                next();
            }
        }
    }

    /** Brings the journal in line with a primary's, and looks for the primary again. */
    private void repair(NodeId primary) {
        SimResync resync =
                new SimResync(
                        world,
                        life,
                        controller,
                        new SimResync.Disks(archive, incoming),
                        master::replaced,
                        how -> {
                            world.trace()
                                    .say(
                                            life.name(),
                                            () ->
                                                    "repairs its journal by %s: %s"
                                                            .formatted(
                                                                    primary,
                                                                    how.isEmpty() ? "done" : how));
                            life.after(how.isEmpty() ? 0 : LONGEST_PAUSE_NANOS, this::next);
                        });
        resync.begin(
                world.network()
                        .dial(
                                life,
                                self.value(),
                                world.machine(primary.value()),
                                World.positionService(primary.value()),
                                resync));
    }
}
