package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a process of the model leads, or led until its successor is heard: commits, and followers.
 */
final class ModelOffice {

    /** Entries that a follower may be behind, and is still proposed to be in sync. */
    private static final int NEAR = 2;

    private static final long SILENCE = 1000 * ModelNetwork.MILLI;

    private final ElectionModel model;
    private final Replica self;
    private final List<ModelEntry> journal;
    private final Ballot ballot;
    private final int begin;
    private final SortedMap<Replica, Progress> followers = new TreeMap<>();
    private Register written;
    private Optional<Register> writing = Optional.empty();
    private boolean handed;
    private int committed;

    /** What a follower has acknowledged, and when it did last. */
    private record Progress(int length, long at) {}

    /** Takes office in the journal. */
    ModelOffice(ElectionModel model, Replica self, List<ModelEntry> journal, Register register) {
        this.model = model;
        this.self = self;
        this.journal = journal;
        this.ballot = register.ballot();
        this.written = register;
        this.begin = journal.size();
        journal.add(new ModelEntry.Office(ballot));
        commit();
    }

    Ballot ballot() {
        return ballot;
    }

    Register written() {
        return written;
    }

    boolean isHanded() {
        return handed;
    }

    void decide() {
        if (!handed && journal.size() < ElectionModel.MAX_ENTRIES && model.chance(0.3)) {
            journal.add(new ModelEntry.Value(ballot, model.nextNumber()));
        }
    }

    /** Hands over to a follower in sync, if there is one: its last decision. */
    void handOver() {
        Optional<NodeId> successor =
                written.inSync().stream()
                        .filter(follower -> !follower.equals(self))
                        .map(Replica::master)
                        .findFirst();
        if (!handed && successor.isPresent()) {
            journal.add(new ModelEntry.Handover(ballot, successor.get()));
            handed = true;
            model.handovers++;
        }
    }

    void begins(Register register) {
        writing = Optional.of(register);
        if (model.mutation == Mutation.IN_SYNC_SHRINKS_BEFORE_A_QUORUM_ACCEPTED) {
            written = register;
        }
    }

    void hasWritten(Register register) {
        model.written(written, register);
        written = register;
        writing = Optional.empty();
        commit();
    }

    void acknowledged(Replica follower, int length) {
        Progress before = followers.get(follower);
        int most = before == null ? length : Math.max(length, before.length());
        followers.put(follower, new Progress(most, model.network.now()));
        commit();
    }

    /** The followers that it would have in sync, and itself. */
    SortedSet<Replica> inSync() {
        SortedSet<Replica> proposed = new TreeSet<>(List.of(self));
        followers.forEach((follower, progress) -> {
            boolean recent = model.network.now() - progress.at() < SILENCE;
            boolean stays = written.inSync().contains(follower);
            if (recent && (stays || isNear(progress.length()))) {
                proposed.add(follower);
            }
        });
        return proposed;
    }

    private boolean isNear(int length) {
        return model.mutation == Mutation.FOLLOWER_BEHIND_IS_TAKEN_IN
                || (length >= committed && length > begin && length >= journal.size() - NEAR);
    }

    /** Commits what all have that are required; never what is before its office alone. */
    void commit() {
        SortedSet<Replica> required = new TreeSet<>(written.inSync());
        if (model.mutation != Mutation.COMMIT_COUNTS_ONLY_WHAT_IS_WRITTEN) {
            writing.ifPresent(register -> required.addAll(register.inSync()));
        }
        int length = journal.size();
        for (Replica follower : required) {
            if (!follower.equals(self)) {
                Progress progress = followers.get(follower);
                length = Math.min(length, progress == null ? 0 : progress.length());
            }
        }
        if (length > begin) {
            for (int i = committed; i < length; i++) {
                model.checks.commits(ballot, i, journal.get(i));
            }
            committed = Math.max(committed, length);
        }
    }

    /** Whether nothing is under way. */
    boolean isSettled() {
        return writing.isEmpty() && written.leaving().isEmpty() && committed == journal.size();
    }
}
