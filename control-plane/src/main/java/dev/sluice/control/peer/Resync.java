package dev.sluice.control.peer;

import com.google.protobuf.ByteString;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.DurableState;
import dev.sluice.control.controller.DurableState.Repair;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.ChainHash;
import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.IncomingSnapshot;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.replication.CommonEntry;
import dev.sluice.v1.FetchSnapshotRequest;
import dev.sluice.v1.FetchSnapshotResponse;
import dev.sluice.v1.GetPositionRequest;
import dev.sluice.v1.GetPositionResponse;
import dev.sluice.v1.ReplicationServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a follower's journal in line with the primary's: cuts what the primary does not have, or
 * begins anew after its snapshot. What goes is archived before, and never replayed.
 *
 * <p>It blocks the thread that follows; a crash or an interruption at any point leaves a journal
 * that can be opened, and a transfer that goes on.
 */
final class Resync {

    private static final Logger LOG = LoggerFactory.getLogger(Resync.class);

    private static final long LONGEST_QUESTION_SECONDS = 5;

    /** A transfer that takes longer is interrupted and goes on where it was: it may have hung. */
    private static final long LONGEST_CALL_SECONDS = 30;

    /** Larger snapshots are refused: no state is that large, but a broken primary may say so. */
    private static final long LARGEST_SNAPSHOT_BYTES = (1L << 30) + (1 << 10);

    private final Ports ports;
    private final NodeId primary;
    private final ReplicationServiceGrpc.ReplicationServiceBlockingStub stub;

    /**
     * What it works with.
     *
     * @param archive where what goes is kept
     * @param incoming where a snapshot arrives
     * @param mayGoOn false while this master is or becomes primary, or closes
     * @param onReplaced told the replica of the journal that has begun anew
     */
    record Ports(
            NodeId self,
            Controller controller,
            PeerTable peers,
            Disk archive,
            Disk incoming,
            BooleanSupplier mayGoOn,
            Consumer<Replica> onReplaced) {}

    /** It can't be done now; the message says why. */
    static final class FailedException extends Exception {
        private static final long serialVersionUID = 1L;

        FailedException(String message) {
            super(message);
        }

        FailedException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    Resync(Ports ports, NodeId primary, ManagedChannel channel) {
        this.ports = ports;
        this.primary = primary;
        this.stub = ReplicationServiceGrpc.newBlockingStub(channel);
    }

    /**
     * Repairs the journal; returns when it can follow.
     *
     * @throws FailedException when it can't be done now; the journal is as it was
     */
    void run() throws FailedException, InterruptedException {
        try {
            show(ResyncProgress.Phase.COMPARING);
            Optional<JournalPosition> common = lastCommon();
            if (common.isEmpty() || !cutAfter(common.get())) {
                replace();
            }
        } catch (IOException e) {
            throw new FailedException(String.valueOf(e.getMessage()), e);
        } catch (IllegalArgumentException e) {
            throw new FailedException("it sent " + e.getMessage(), e);
        } catch (StatusRuntimeException e) {
            throw new FailedException("it does not answer: " + e.getStatus(), e);
        } finally {
            ports.peers().resyncsNoMore(ports.self());
        }
    }

    private void show(ResyncProgress.Phase phase) {
        ports.peers().resyncs(ports.self(), ResyncProgress.at(phase));
    }

    private void requireMayGoOn() throws FailedException {
        if (!ports.mayGoOn().getAsBoolean()) {
            throw new FailedException("this master does not follow any more");
        }
    }

    private Optional<JournalPosition> lastCommon() throws IOException, FailedException {
        Controller controller = ports.controller();
        CommonEntry search = new CommonEntry(controller.firstIndex(), controller.durablePosition());
        CommonEntry.Next next = search.begin();
        while (next instanceof CommonEntry.Next.Ask(var index)) {
            requireMayGoOn();
            next = search.answered(ask(index), controller.positionAt(index).chainHash());
        }
        return switch (next) {
            case CommonEntry.Next.Found(var index) -> Optional.of(controller.positionAt(index));
            case CommonEntry.Next.Nothing(var why) -> {
                LOG.info("No entry in common with master {}: {}", primary, why);
                yield Optional.empty();
            }
            case CommonEntry.Next.Ask ask -> throw new IllegalStateException("unanswered: " + ask);
        };
    }

    private CommonEntry.Answer ask(long index) {
        GetPositionResponse response =
                stub.withDeadlineAfter(LONGEST_QUESTION_SECONDS, TimeUnit.SECONDS)
                        .getPosition(GetPositionRequest.newBuilder().setIndex(index).build());
        return new CommonEntry.Answer(
                response.getIndex(),
                response.getHash().isEmpty()
                        ? Optional.empty()
                        : Optional.of(ChainHash.of(response.getHash().toByteArray())),
                ReplicationWire.notNegative("first index", response.getFirstIndex()),
                ReplicationWire.notNegative("last index", response.getLastIndex()));
    }

    /** Cuts the journal where there is something to cut; false: it can't be done by cutting. */
    private boolean cutAfter(JournalPosition common) throws FailedException, InterruptedException {
        long last = ports.controller().lastIndex();
        if (common.index() == last) {
            return true;
        }
        requireMayGoOn();
        show(ResyncProgress.Phase.CUTTING);
        return switch (repair(durable -> durable.cutAfter(common, ports.archive()))) {
            case Repair.Done _ -> {
                LOG.warn(
                        "Entries {} to {} are not in the journal of master {}; they are archived in {} and cut",
                        common.index() + 1,
                        last,
                        primary,
                        ports.archive().location());
                yield true;
            }
            case Repair.Impossible(var why) -> {
                LOG.info("The journal can't be cut after entry {}: {}", common.index(), why);
                yield false;
            }
            case Repair.Failed(var why) -> throw new FailedException(why);
        };
    }

    private void replace() throws IOException, FailedException, InterruptedException {
        IncomingSnapshot incoming = new IncomingSnapshot(ports.incoming());
        fetch(incoming);
        requireMayGoOn();
        show(ResyncProgress.Phase.REPLACING);
        Replica before = ports.controller().replica();
        switch (repair(durable -> durable.replace(incoming, ports.archive()))) {
            case Repair.Done _ -> {
                Replica now = ports.controller().replica();
                LOG.warn(
                        "The journal {} is archived in {}; {} begins after entry {} of master {}",
                        before,
                        ports.archive().location(),
                        now,
                        ports.controller().durablePosition().index(),
                        primary);
                ports.onReplaced().accept(now);
                incoming.discard();
            }
            case Repair.Impossible(var why) -> throw new FailedException(why);
            case Repair.Failed(var why) -> throw new FailedException(why);
        }
    }

    @FunctionalInterface
    private interface Repairing {
        Repair run(DurableState durable) throws IOException;
    }

    private Repair repair(Repairing how) throws FailedException, InterruptedException {
        CompletableFuture<Repair> result = new CompletableFuture<>();
        try {
            boolean ran =
                    ports.controller().maintain(durable -> result.complete(how.run(durable))).get();
            if (!ran) {
                throw new FailedException("the writer's queue is full");
            }
            return result.get();
        } catch (ExecutionException e) {
            throw new FailedException("the writer has stopped: " + e.getCause(), e);
        }
    }

    /** Fetches a snapshot, going on with one that has begun to arrive. */
    private void fetch(IncomingSnapshot incoming)
            throws IOException, FailedException, InterruptedException {
        while (!incoming.isWhole()) {
            requireMayGoOn();
            Optional<IncomingSnapshot.Offer> offer = incoming.offer();
            long arrived = incoming.arrived();
            if (offer.isPresent() && arrived >= offer.get().totalBytes()) {
                LOG.warn(
                        "The snapshot from master {} arrived damaged; it is fetched anew", primary);
                incoming.discard();
                continue;
            }
            if (!receive(incoming, offer, arrived) && incoming.arrived() == arrived) {
                throw new FailedException("the snapshot does not arrive");
            }
        }
    }

    /** Receives in one call as much as comes; false: the call broke off. */
    private boolean receive(
            IncomingSnapshot incoming, Optional<IncomingSnapshot.Offer> offer, long arrived)
            throws IOException, FailedException {
        FetchSnapshotRequest request =
                FetchSnapshotRequest.newBuilder()
                        .setIndex(offer.map(o -> o.position().index()).orElse(0L))
                        .setOffset(offer.isPresent() ? arrived : 0)
                        .build();
        try {
            Iterator<FetchSnapshotResponse> parts =
                    stub.withDeadlineAfter(LONGEST_CALL_SECONDS, TimeUnit.SECONDS)
                            .fetchSnapshot(request);
            boolean first = true;
            while (parts.hasNext()) {
                FetchSnapshotResponse part = parts.next();
                if (first) {
                    check(incoming, offer, part);
                    first = false;
                }
                add(incoming, part.getData());
                requireMayGoOn();
            }
            return true;
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
                LOG.info("Master {} has another snapshot by now", primary);
                incoming.discard();
                return true;
            }
            LOG.info("The transfer from master {} was interrupted: {}", primary, e.getStatus());
            return false;
        }
    }

    private void check(
            IncomingSnapshot incoming,
            Optional<IncomingSnapshot.Offer> expected,
            FetchSnapshotResponse first)
            throws IOException, FailedException {
        IncomingSnapshot.Offer offered =
                new IncomingSnapshot.Offer(
                        new JournalPosition(
                                ReplicationWire.notNegative("index", first.getIndex()),
                                ChainHash.of(first.getHash().toByteArray())),
                        ReplicationWire.notNegative("total bytes", first.getTotalBytes()),
                        HexFormat.of().formatHex(first.getSha256().toByteArray()));
        if (offered.totalBytes() > LARGEST_SNAPSHOT_BYTES) {
            throw new FailedException(
                    "it offers a snapshot of %d bytes, at most %d expected"
                            .formatted(offered.totalBytes(), LARGEST_SNAPSHOT_BYTES));
        }
        if (expected.isEmpty()) {
            incoming.begin(offered);
        } else if (!expected.get().equals(offered)) {
            incoming.discard();
            throw new FailedException("it offers another snapshot under the same index");
        }
    }

    private void add(IncomingSnapshot incoming, ByteString data)
            throws IOException, FailedException {
        IncomingSnapshot.Offer offer =
                incoming.offer().orElseThrow(() -> new FailedException("the transfer was dropped"));
        long arrived = incoming.arrived() + data.size();
        if (arrived > offer.totalBytes()) {
            incoming.discard();
            throw new FailedException(
                    "it sent %d bytes of a snapshot of %d".formatted(arrived, offer.totalBytes()));
        }
        incoming.add(data.toByteArray());
        ports.peers()
                .resyncs(
                        ports.self(),
                        new ResyncProgress(
                                ResyncProgress.Phase.FETCHING, arrived, offer.totalBytes()));
    }
}
