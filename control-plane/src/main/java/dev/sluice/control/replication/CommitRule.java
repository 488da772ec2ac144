package dev.sluice.control.replication;

import dev.sluice.control.failover.Replica;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a primary's commits wait for, and who should be in the in-sync set. Times are nanoseconds of
 * one monotonic clock. Owned by one thread.
 *
 * <p>Required are the replicas of the set that a quorum accepted, of the one being written, and
 * those that are <em>held for</em>: a follower about to be taken in is waited for before it is
 * proposed, so that nothing is committed without it between the proposal and the write. It is
 * proposed only when it has all that may be committed already.
 */
public final class CommitRule {

    /** A follower that says nothing for longer is proposed to be left out. */
    public static final long LONGEST_SILENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A follower whose session is not back after this is proposed to be left out. */
    public static final long LONGEST_ABSENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /**
     * A follower that lives but makes nothing durable for longer is proposed to be left out: its
     * disk or the way to it is too slow to wait for.
     */
    public static final long LONGEST_STALL_NANOS = TimeUnit.SECONDS.toNanos(3);

    /**
     * A follower that lacks no more entries than this is caught up: commits can wait for it without
     * being noticed. As many as share an fdatasync.
     */
    static final long CAUGHT_UP_WITHIN = 512;

    private final SortedMap<Replica, Follower> followers = new TreeMap<>();
    private SortedSet<Replica> written = Collections.emptySortedSet();
    private SortedSet<Replica> writing = Collections.emptySortedSet();
    private @Nullable Replica self;
    private long sessions;
    private long lastIndex;

    /** Up to here entries may be committed, for all this primary knows; not known: the maximum. */
    private long mayBeCommitted = Long.MAX_VALUE;

    private static final class Follower {
        private long session;
        private long durableIndex;
        private long goal;
        private long heardAt;
        private long advancedAt;
        private boolean connected;
        private boolean acknowledges;
        private boolean heldFor;

        private Follower(long now) {
            heardAt = now;
            advancedAt = now;
        }

        private boolean isTooQuiet(long now, long lastIndex) {
            return now - heardAt > (connected ? LONGEST_SILENCE_NANOS : LONGEST_ABSENCE_NANOS)
                    || (durableIndex < lastIndex && now - advancedAt > LONGEST_STALL_NANOS);
        }
    }

    /** Begins as the primary of a set that was written. */
    public void primary(Replica me, SortedSet<Replica> set, long now) {
        reset();
        self = me;
        boolean _ = members(set, set, now);
    }

    /** Ends being primary: nothing is committed and nobody is proposed. */
    public void reset() {
        self = null;
        written = Collections.emptySortedSet();
        writing = Collections.emptySortedSet();
        mayBeCommitted = Long.MAX_VALUE;
        followers.values().removeIf(follower -> !follower.connected);
        followers.values().forEach(follower -> follower.heldFor = false);
    }

    /**
     * Takes note of a write of the register that begins or has ended.
     *
     * @param nowWritten the set that a quorum accepted last
     * @param nowWriting the set that is being written; the same when none is
     * @return false, and nothing is changed: the write would take in a replica that may lack
     *     committed entries by now; it must not begin
     */
    public boolean registers(
            SortedSet<Replica> nowWritten, SortedSet<Replica> nowWriting, long now) {
        for (Replica replica : nowWriting) {
            Follower follower = followers.get(replica);
            boolean fresh = !isMember(replica) && !replica.equals(self);
            if (fresh && (follower == null || !isReady(follower))) {
                return false;
            }
        }
        return members(nowWritten, nowWriting, now);
    }

    private boolean members(
            SortedSet<Replica> nowWritten, SortedSet<Replica> nowWriting, long now) {
        written = new TreeSet<>(nowWritten);
        writing = new TreeSet<>(nowWriting);
        for (Collection<Replica> set : List.of(written, writing)) {
            for (Replica replica : set) {
                if (!replica.equals(self)) {
                    followers.computeIfAbsent(replica, _ -> new Follower(now));
                }
            }
        }
        followers.entrySet().removeIf(e -> !e.getValue().connected && !isMember(e.getKey()));
        return true;
    }

    private boolean isMember(Replica replica) {
        return written.contains(replica) || writing.contains(replica);
    }

    /** Entries were appended here. */
    public void appended(long firstIndex, long last, long now) {
        if (mayBeCommitted == Long.MAX_VALUE || firstIndex != lastIndex + 1) {
            mayBeCommitted = firstIndex - 1;
        }
        for (Follower follower : followers.values()) {
            if (follower.durableIndex >= lastIndex) {
                follower.advancedAt = now;
            }
        }
        lastIndex = last;
    }

    /**
     * A follower's session has begun.
     *
     * @param durableIndex where its journal ends, which is a beginning of this one
     * @return names the session in {@link #acknowledged} and {@link #left}
     */
    public long connected(Replica replica, long durableIndex, long now) {
        Follower follower = followers.computeIfAbsent(replica, _ -> new Follower(now));
        follower.session = ++sessions;
        follower.connected = true;
        follower.acknowledges = false;
        follower.heldFor = false;
        follower.durableIndex = durableIndex;
        follower.goal = lastIndex;
        follower.heardAt = now;
        follower.advancedAt = now;
        return follower.session;
    }

    /** A follower has said up to where its journal is durable; that may be nothing new. */
    public void acknowledged(Replica replica, long session, long index, long now) {
        Follower follower = followers.get(replica);
        if (follower == null || follower.session != session) {
            return;
        }
        follower.acknowledges = true;
        follower.heardAt = now;
        if (index > follower.durableIndex || index >= lastIndex) {
            follower.advancedAt = now;
        }
        follower.durableIndex = Math.max(follower.durableIndex, index);
    }

    /** A follower's session has ended. */
    public void left(Replica replica, long session, long now) {
        Follower follower = followers.get(replica);
        if (follower == null || follower.session != session || !follower.connected) {
            return;
        }
        follower.connected = false;
        follower.heldFor = false;
        // Absence counts from now, silence from when it was heard: whichever is over first.
        follower.heardAt =
                Math.min(now, follower.heardAt + LONGEST_SILENCE_NANOS - LONGEST_ABSENCE_NANOS);
        if (!isMember(replica)) {
            followers.remove(replica);
        }
    }

    /** This process itself stood still: what others said meanwhile is not heard yet. */
    public void stoodStill(long nanos) {
        for (Follower follower : followers.values()) {
            follower.heardAt += nanos;
            follower.advancedAt += nanos;
        }
    }

    /** Whether every required replica, beside this one, has everything up to the index. */
    public boolean isCommitted(long index) {
        if (self == null || !waitsFor(index).isEmpty()) {
            return false;
        }
        if (mayBeCommitted != Long.MAX_VALUE) {
            mayBeCommitted = Math.max(mayBeCommitted, index);
        }
        return true;
    }

    /** The required replicas that lack entries up to the index. */
    public SortedSet<Replica> waitsFor(long index) {
        SortedSet<Replica> missing = new TreeSet<>();
        followers.forEach((replica, follower) -> {
            if ((isMember(replica) || follower.heldFor) && follower.durableIndex < index) {
                missing.add(replica);
            }
        });
        return missing;
    }

    /** What a follower has acknowledged; -1: it is not known. */
    public long durableIndex(Replica replica) {
        Follower follower = followers.get(replica);
        return follower == null ? -1 : follower.durableIndex;
    }

    /** The last entry that every connected follower has; the maximum: none is connected. */
    public long lowestConnected() {
        return followers.values().stream()
                .filter(follower -> follower.connected)
                .mapToLong(follower -> follower.durableIndex)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Who should be in the in-sync set; nobody when this master is not primary. */
    public SortedSet<Replica> wanted(long now) {
        SortedSet<Replica> wanted = new TreeSet<>();
        if (self == null) {
            return wanted;
        }
        wanted.add(self);
        for (var entry : followers.entrySet()) {
            Follower follower = entry.getValue();
            boolean quiet = follower.isTooQuiet(now, lastIndex);
            if (isMember(entry.getKey())) {
                follower.heldFor = false;
                if (!quiet) {
                    wanted.add(entry.getKey());
                }
            } else {
                follower.heldFor = !quiet && isCaughtUp(follower);
                if (isReady(follower)) {
                    wanted.add(entry.getKey());
                }
            }
        }
        return wanted;
    }

    private boolean isCaughtUp(Follower follower) {
        return follower.connected
                && follower.acknowledges
                && mayBeCommitted != Long.MAX_VALUE
                && (follower.heldFor
                        || follower.durableIndex >= follower.goal
                        || lastIndex - follower.durableIndex <= CAUGHT_UP_WITHIN);
    }

    private boolean isReady(Follower follower) {
        return follower.heldFor && follower.durableIndex >= mayBeCommitted;
    }
}
