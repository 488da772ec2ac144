package dev.sluice.control.controller;

import dev.sluice.control.codec.EntryTooLargeException;
import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.codec.JournalCodecException;
import dev.sluice.control.codec.SnapshotCodec;
import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.Journal;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.LoadedSnapshots;
import dev.sluice.control.journal.SnapshotStore;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decider;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.Recorded;
import java.io.Closeable;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A cluster's state on top of its journal: what is applied here is durable. Owned by one thread;
 * {@link #state()} may be read by any.
 */
public final class DurableState implements Closeable {

    /**
     * The largest snapshot, and with it the largest state: 10,000 nodes with a running upgrade need
     * some 30 MiB.
     */
    private static final long MAX_SNAPSHOT_BYTES = 1L << 30;

    private static final long EVENTS_BETWEEN_SNAPSHOTS = 20_000;

    private final EventCodec codec = new EventCodec();
    private final NodeId self;
    private final long incarnation;
    private final Journal journal;
    private final SnapshotStore snapshots;
    private final InstantSource clock;
    private final List<String> warnings;
    private volatile ClusterState state;
    private long snapshotIndex;

    private DurableState(
            NodeId self,
            long incarnation,
            Journal journal,
            SnapshotStore snapshots,
            InstantSource clock,
            List<String> warnings,
            ClusterState state,
            long snapshotIndex) {
        this.self = self;
        this.incarnation = incarnation;
        this.journal = journal;
        this.snapshots = snapshots;
        this.clock = clock;
        this.warnings = List.copyOf(warnings);
        this.state = state;
        this.snapshotIndex = snapshotIndex;
    }

    /**
     * Recovers the state from a disk: the newest snapshot, then every later event.
     *
     * @param incarnation of this process, under which alone it may decide
     * @throws IOException naming file or entry, expected and found, when the journal can't be
     *     trusted or was written by a newer release; nothing is changed then
     */
    public static DurableState recover(
            NodeId self, long incarnation, Disk disk, JournalOptions options, InstantSource clock)
            throws IOException {
        try {
            return replay(self, incarnation, disk, options, clock);
        } catch (JournalCodecException | IllegalStateException e) {
            throw new IOException(disk.location() + ": " + e.getMessage(), e);
        }
    }

    private static DurableState replay(
            NodeId self, long incarnation, Disk disk, JournalOptions options, InstantSource clock)
            throws IOException {
        EventCodec codec = new EventCodec();
        SnapshotStore snapshots = new SnapshotStore(disk, MAX_SNAPSHOT_BYTES);
        LoadedSnapshots<ClusterState> loaded =
                snapshots.loadNewest(
                        (_, payload) -> new SnapshotCodec().decode(payload.readAllBytes()));
        ClusterState[] recovered = {
            loaded.newest().map(LoadedSnapshots.LoadedSnapshot::state).orElse(ClusterState.EMPTY)
        };
        Journal journal =
                Journal.open(
                        disk,
                        options,
                        loaded.position(),
                        (index, payload) ->
                                recovered[0] = recovered[0].apply(codec.decode(index, payload)));
        List<String> warnings = new ArrayList<>();
        loaded.warnings().forEach(w -> warnings.add(w.toString()));
        journal.recoveryReport().warnings().forEach(w -> warnings.add(w.toString()));
        return new DurableState(
                self,
                incarnation,
                journal,
                snapshots,
                clock,
                warnings,
                recovered[0],
                loaded.position().index());
    }

    /** What recovery repaired, for the log. */
    public List<String> warnings() {
        return warnings;
    }

    /** The state after every durable event. */
    public ClusterState state() {
        return state;
    }

    /** Where the journal ends. */
    public JournalPosition position() {
        return journal.lastPosition();
    }

    /** The position of an entry, to compare two journals. */
    public JournalPosition positionAt(long index) throws IOException {
        return journal.positionAt(index);
    }

    /** The first index still in the journal; later by one than the last for an empty one. */
    public long firstIndex() {
        return journal.firstIndex();
    }

    /** Durable events from an index on, at least one if there is one; for any thread. */
    public List<JournalEntry> read(long fromIndex, int maxBytes) throws IOException {
        return journal.read(fromIndex, maxBytes);
    }

    /** Whether this process commands, by its own durable journal. */
    public boolean isInOffice() {
        return isInOffice(state);
    }

    private boolean isInOffice(ClusterState at) {
        Office office = at.office();
        return office != null
                && office.handedTo() == null
                && office.ballot().master().equals(self)
                && office.ballot().incarnation() == incarnation;
    }

    /** The decisions on a batch of commands, and the events that came of them. */
    public record Outcome(List<Decision> decisions, List<Recorded> recorded) {
        public Outcome {
            decisions = List.copyOf(decisions);
            recorded = List.copyOf(recorded);
        }
    }

    /**
     * Decides commands in order, each on the state that the one before left, and makes all their
     * events durable at once. A command whose events the journal has no form for is rejected; none
     * of its events happens then.
     *
     * @throws IOException when they could not be made durable; nothing was applied, and this object
     *     is of no more use
     */
    public Outcome decide(List<Command> commands) throws IOException {
        ClusterState next = state;
        List<Decision> decisions = new ArrayList<>(commands.size());
        List<Recorded> recorded = new ArrayList<>();
        List<byte[]> payloads = new ArrayList<>();
        for (Command command : commands) {
            Decision decision = decideOne(next, command);
            if (decision instanceof Decision.Accepted(var events)) {
                switch (write(next, events)) {
                    case Writing.Written written -> {
                        next = written.after();
                        recorded.addAll(written.recorded());
                        payloads.addAll(written.payloads());
                    }
                    case Writing.Unwritable(var why) ->
                            decision = Decision.rejected("journal", why);
                }
            }
            decisions.add(decision);
        }
        persist(payloads);
        state = next;
        return new Outcome(decisions, recorded);
    }

    /** One command's events in the journal's form. */
    private sealed interface Writing {

        record Written(List<Recorded> recorded, List<byte[]> payloads, ClusterState after)
                implements Writing {}

        record Unwritable(String why) implements Writing {}
    }

    /** Encodes each event before it is applied, so that what can't be written never happens. */
    private Writing write(ClusterState before, List<Event> events) {
        ClusterState next = before;
        List<Recorded> recorded = new ArrayList<>(events.size());
        List<byte[]> payloads = new ArrayList<>(events.size());
        for (Event event : events) {
            Recorded one =
                    new Recorded(next.index() + 1, clock.instant(), ballotFor(next, event), event);
            try {
                payloads.add(codec.encode(one));
            } catch (EntryTooLargeException | IllegalArgumentException e) {
                return new Writing.Unwritable(String.valueOf(e.getMessage()));
            }
            next = next.apply(one);
            recorded.add(one);
        }
        return new Writing.Written(recorded, payloads, next);
    }

    private Decision decideOne(ClusterState at, Command command) {
        if (command instanceof Command.TakeOffice || isInOffice(at)) {
            return Decider.decide(at, command);
        }
        Office office = at.office();
        return Decision.rejected(
                "master " + self,
                office == null
                        ? "is not the primary, and there is none yet"
                        : "is not the primary; ask master %s".formatted(office.entitled()));
    }

    private static Ballot ballotFor(ClusterState at, Event event) {
        if (event instanceof Event.PrimaryTookOffice(var ballot, var _, var _)) {
            return ballot;
        }
        Office office = at.office();
        if (office == null) {
            throw new IllegalStateException(
                    "event %s before any primary took office".formatted(event));
        }
        return office.ballot();
    }

    /**
     * Takes over entries that the primary made durable.
     *
     * @param firstIndex of the first of them; has to follow this journal's last
     * @return the events among them that are new here
     * @throws IOException when they could not be made durable; nothing was applied, and this object
     *     is of no more use
     * @throws JournalCodecException when one of them can't be read here; nothing was changed
     */
    public List<Recorded> replicate(long firstIndex, List<byte[]> payloads) throws IOException {
        if (isInOffice()) {
            throw new IllegalStateException(
                    "master %s is in office and can't follow".formatted(self));
        }
        if (firstIndex != state.index() + 1) {
            throw new IllegalArgumentException(
                    "replication: expected entry %d next, found %d"
                            .formatted(state.index() + 1, firstIndex));
        }
        ClusterState next = state;
        List<Recorded> recorded = new ArrayList<>(payloads.size());
        for (byte[] payload : payloads) {
            Recorded one = codec.decode(next.index() + 1, payload);
            next = next.apply(one);
            recorded.add(one);
        }
        persist(payloads);
        state = next;
        return recorded;
    }

    private void persist(List<byte[]> payloads) throws IOException {
        if (!payloads.isEmpty()) {
            journal.append(payloads);
            journal.force();
        }
    }

    /** Saves a snapshot if so many events came since the last that replaying them takes long. */
    public void snapshotWhenDue() throws IOException {
        if (state.index() - snapshotIndex >= EVENTS_BETWEEN_SNAPSHOTS) {
            snapshot();
        }
    }

    /** Saves a snapshot of the state now. */
    public void snapshot() throws IOException {
        ClusterState at = state;
        byte[] bytes = new SnapshotCodec().encode(at);
        snapshots.save(journal.lastPosition(), stream -> stream.write(bytes));
        snapshotIndex = at.index();
    }

    /**
     * Deletes whole segments that neither recovery nor a follower needs.
     *
     * @param lowestFollower the last entry that every other master has
     */
    public void compact(long lowestFollower) throws IOException {
        OptionalLong oldest = snapshots.oldestIndex();
        if (oldest.isPresent()) {
            journal.compactBelow(Math.min(oldest.getAsLong(), lowestFollower) + 1);
        }
    }

    /** The ballot this process commands under; null: it does not. */
    public @Nullable Ballot ballot() {
        ClusterState at = state;
        return isInOffice(at) && at.office() != null ? at.office().ballot() : null;
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }
}
