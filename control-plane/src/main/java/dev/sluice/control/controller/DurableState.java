package dev.sluice.control.controller;

import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.codec.JournalCodecException;
import dev.sluice.control.codec.SnapshotCodec;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.IncomingSnapshot;
import dev.sluice.control.journal.Journal;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.journal.JournalReplacement;
import dev.sluice.control.journal.SnapshotStore;
import dev.sluice.control.journal.StoredSnapshot;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.Recorded;
import java.io.Closeable;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A cluster's state on top of its journal. Events pass three stages: appended, forced, applied;
 * what is applied is durable and visible. Owned by one thread; {@link #state()} may be read by any.
 */
public final class DurableState implements Closeable {

    private static final long EVENTS_BETWEEN_SNAPSHOTS = 20_000;

    private final BatchDecider decider;
    private final StateFiles files;
    private final SnapshotStore snapshots;
    private final List<String> warnings;
    private volatile Journal journal;
    private volatile ClusterState appended;
    private volatile ClusterState state;
    private volatile JournalPosition forced;
    private JournalPosition visible;
    private long snapshotIndex;
    private int repairs;

    private DurableState(BatchDecider decider, StateFiles files, StateFiles.Recovered recovered) {
        this.decider = decider;
        this.files = files;
        this.snapshots = files.snapshots();
        this.warnings = List.copyOf(recovered.warnings());
        this.journal = recovered.journal();
        this.appended = recovered.state();
        this.state = recovered.state();
        this.forced = journal.lastPosition();
        this.visible = forced;
        this.snapshotIndex = recovered.snapshotIndex();
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
        return recover(self, incarnation, disk, options, clock, Journal::randomStoreId);
    }

    /**
     * As {@link #recover(NodeId, long, Disk, JournalOptions, InstantSource)}.
     *
     * @param ids gives a journal that is begun its store id: 32 hexadecimal digits, never the same
     */
    public static DurableState recover(
            NodeId self,
            long incarnation,
            Disk disk,
            JournalOptions options,
            InstantSource clock,
            Supplier<String> ids)
            throws IOException {
        EventCodec codec = new EventCodec();
        StateFiles files = new StateFiles(disk, options, ids, codec);
        return new DurableState(
                new BatchDecider(self, incarnation, codec, clock), files, files.recover());
    }

    /** What recovery repaired, for the log. */
    public List<String> warnings() {
        return warnings;
    }

    /** This master with the journal that it has now: one that was lost has another name. */
    public Replica replica() {
        return new Replica(decider.self(), new StoreId(journal.storeId()));
    }

    /** The visible state: what was applied. */
    public ClusterState state() {
        return state;
    }

    /** The state with everything that is in the journal, committed or not. */
    public ClusterState appendedState() {
        return appended;
    }

    /** Where the journal ends, durable or not. Owner only. */
    public JournalPosition position() {
        return journal.lastPosition();
    }

    /** The last entry that is durable here, committed or not; for any thread. */
    public JournalPosition durablePosition() {
        return forced;
    }

    /** The last entry in the journal, durable or not; for any thread. */
    public long lastIndex() {
        return journal.lastIndex();
    }

    /** The position of a durable entry, to compare two journals; for any thread. */
    public JournalPosition positionAt(long index) throws IOException {
        return journal.positionAt(index);
    }

    /** The first index still in the journal; later by one than the last for an empty one. */
    public long firstIndex() {
        return journal.firstIndex();
    }

    /**
     * Durable events from an index on, committed or not, at least one if there is one; for any
     * thread.
     */
    public List<JournalEntry> read(long fromIndex, int maxBytes) throws IOException {
        return journal.read(fromIndex, maxBytes);
    }

    /**
     * Whether this process is in office: from when taking it is committed, up to the event that
     * gives it away, committed or not.
     */
    public boolean isInOffice() {
        return ballot() != null;
    }

    /** The ballot this process commands under; null: it is not in office. */
    public @Nullable Ballot ballot() {
        ClusterState at = state;
        Office office = at.office();
        return office != null && decider.isInOffice(at) && decides() ? office.ballot() : null;
    }

    /** Whether commands are decided here, by everything in the journal. */
    private boolean decides() {
        return decider.isInOffice(appended);
    }

    /**
     * The ballot under which others follow this journal: the last in it is this master's, and this
     * process decides or has given the office away. Empty: nobody follows it.
     */
    public Optional<Ballot> leading() {
        ClusterState at = appended;
        Office office = at.office();
        return office != null
                        && office.primary().equals(decider.self())
                        && (decider.isInOffice(at) || office.handedTo() != null)
                ? Optional.of(office.ballot())
                : Optional.empty();
    }

    /**
     * Decides commands on everything that is in the journal and appends their events. They are
     * durable after {@link #force} and visible after {@link #apply}. Owner only.
     *
     * @throws IOException when they could not be appended; this object is of no more use
     */
    public Batch append(List<Command> commands) throws IOException {
        BatchDecider.Decided decided = decider.decide(appended, commands);
        if (!decided.payloads().isEmpty()) {
            journal.append(decided.payloads());
            appended = decided.after();
        }
        return new Batch(
                decided.decisions(),
                decided.recorded(),
                decided.payloads(),
                decided.after(),
                journal.lastPosition());
    }

    /** Whether entries of a primary may come next, from this index on. */
    boolean mayFollow(long firstIndex) {
        return !decides() && firstIndex == appended.index() + 1;
    }

    /**
     * Takes entries of the primary: makes them durable, says so, and only then builds the state
     * with them, because the primary waits for the disk alone. They are visible after {@link
     * #apply}. Owner only.
     *
     * @param firstIndex of the first of them; has to follow this journal's last
     * @param onDurable told the position after them
     * @throws IOException when they could not be appended or forced; this object is of no more use
     * @throws JournalCodecException when one of them can't be read here; nothing was changed
     */
    public Batch follow(long firstIndex, List<byte[]> payloads, Consumer<JournalPosition> onDurable)
            throws IOException {
        if (decides()) {
            throw new IllegalStateException(
                    "master %s is in office and can't follow".formatted(decider.self()));
        }
        if (firstIndex != appended.index() + 1) {
            throw new IllegalArgumentException(
                    "replication: expected entry %d next, found %d"
                            .formatted(appended.index() + 1, firstIndex));
        }
        List<Recorded> recorded = new ArrayList<>(payloads.size());
        for (byte[] payload : payloads) {
            recorded.add(decider.codec().decode(firstIndex + recorded.size(), payload));
        }
        if (!payloads.isEmpty()) {
            journal.append(payloads);
        }
        force();
        onDurable.accept(forced);
        ClusterState next = appended;
        for (Recorded one : recorded) {
            next = next.apply(one);
        }
        appended = next;
        return new Batch(List.of(), recorded, payloads, next, forced);
    }

    /**
     * Makes durable what was appended. Owner only.
     *
     * @throws IOException when that failed: what was appended may or may not be there after a
     *     restart, and this object is of no more use
     */
    public void force() throws IOException {
        journal.force();
        forced = journal.lastPosition();
    }

    /** Makes a durable batch visible, the next after what is. Owner only. */
    public void apply(Batch batch) {
        if (batch.isEmpty()) {
            return;
        }
        if (batch.firstIndex() != state.index() + 1 || batch.last().index() > forced.index()) {
            throw new IllegalStateException(
                    "entries %d to %d are made visible, after %d with %d durable"
                            .formatted(
                                    batch.firstIndex(),
                                    batch.last().index(),
                                    state.index(),
                                    forced.index()));
        }
        state = batch.after();
        visible = batch.last();
    }

    /**
     * Saves a snapshot if so many events came since the last that replaying them takes long, and
     * then deletes what nobody needs any more.
     *
     * @param lowestFollower the last entry that every connected follower has
     */
    public void upkeep(long lowestFollower) throws IOException {
        if (isUpkeepDue()) {
            snapshot();
            compact(lowestFollower);
        }
    }

    /** Whether {@link #upkeep} would do anything. Owner only. */
    boolean isUpkeepDue() {
        return state.index() - snapshotIndex >= EVENTS_BETWEEN_SNAPSHOTS;
    }

    /** Saves a snapshot of the visible state. */
    public void snapshot() throws IOException {
        ClusterState at = state;
        byte[] bytes = new SnapshotCodec().encode(at);
        snapshots.save(visible, stream -> stream.write(bytes));
        snapshotIndex = at.index();
    }

    /**
     * Deletes whole segments that neither recovery nor a follower needs.
     *
     * @param lowestFollower the last entry that every connected follower has
     */
    public void compact(long lowestFollower) throws IOException {
        OptionalLong oldest = snapshots.oldestIndex();
        if (oldest.isPresent()) {
            int _ = journal.compactBelow(Math.min(oldest.getAsLong(), lowestFollower) + 1);
        }
    }

    /**
     * The newest snapshot from which one can go on with this journal; empty: there is none. For any
     * thread.
     */
    public Optional<StoredSnapshot> openSnapshot() throws IOException {
        return snapshots.openNewest(journal.firstIndex() - 1);
    }

    /** A certain snapshot; empty: it is not there any more. For any thread. */
    public Optional<StoredSnapshot> openSnapshot(long index) throws IOException {
        return snapshots.open(index);
    }

    /** How a repair of the journal went. */
    public sealed interface Repair {

        /** The journal is as it should be; the state is that of its end. */
        record Done() implements Repair {}

        /** It can't be done this way; nothing was changed. */
        record Impossible(String why) implements Repair {}

        /**
         * A disk failed, or this master must not; nothing was changed, and it may be tried again.
         */
        record Failed(String why) implements Repair {}
    }

    /**
     * Takes back the entries after a position: archives them, cuts the journal and builds the state
     * anew. A crash leaves the entries, or the archive and no entries. Owner only.
     *
     * @throws IOException when the journal could not be cut; this object is of no more use
     */
    public Repair cutAfter(JournalPosition position, Disk archive) throws IOException {
        if (decides()) {
            return new Repair.Failed("this master is primary");
        }
        StateFiles.Built then;
        try {
            if (!journal.positionAt(position.index()).equals(position)) {
                return new Repair.Failed(
                        "entry %d is not the one that was found".formatted(position.index()));
            }
            Optional<StateFiles.Built> built = files.stateAt(journal, position.index());
            if (built.isEmpty()) {
                return new Repair.Impossible(
                        "no snapshot up to entry %d, and the journal begins at %d"
                                .formatted(position.index(), journal.firstIndex()));
            }
            then = built.get();
            Optional<String> _ = journal.archiveTail(position.index(), archive);
        } catch (IOException | JournalCodecException | IllegalArgumentException e) {
            return new Repair.Failed(String.valueOf(e.getMessage()));
        }
        snapshots.deleteAbove(position.index());
        journal.truncateAfter(position.index());
        begin(then.state(), then.snapshotIndex());
        return new Repair.Done();
    }

    /**
     * Gives the journal up for one that begins after a snapshot that has arrived, under a new store
     * id; the old one is archived. A crash leaves the old one or leads to the new one. Owner only.
     *
     * @throws IOException when the new one could not be begun; this object is of no more use
     */
    public Repair replace(IncomingSnapshot snapshot, Disk archive) throws IOException {
        if (decides()) {
            return new Repair.Failed("this master is primary");
        }
        JournalReplacement replacement = files.replacement();
        try {
            replacement.prepare(snapshot, archive, journal.storeId());
        } catch (IOException e) {
            return new Repair.Failed(String.valueOf(e.getMessage()));
        }
        replacement.decide();
        journal.close();
        StateFiles.Recovered recovered = files.recover();
        journal = recovered.journal();
        begin(recovered.state(), recovered.snapshotIndex());
        return new Repair.Done();
    }

    private void begin(ClusterState with, long snapshotAt) {
        forced = journal.lastPosition();
        visible = forced;
        appended = with;
        state = with;
        snapshotIndex = snapshotAt;
        repairs++;
    }

    /** How often the state was built anew since this was opened. Owner only. */
    int repairs() {
        return repairs;
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }
}
