package dev.sluice.control.peer;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.sluice.control.controller.CommitGate;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.journal.JournalPosition;
import dev.sluice.control.replication.CommitRule;
import dev.sluice.control.replication.RecentBatches;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The in-sync set as a commit gate: {@link CommitRule} for many threads. The writer asks it, the
 * shippers tell it what followers acknowledge, and whoever writes the register tells it which sets
 * are written.
 */
public final class InSync implements CommitGate {

    /** A look that comes so much later than the one before means that this process stood still. */
    private static final long STOOD_STILL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final LongSupplier ticker;
    private final ReentrantLock lock = new ReentrantLock();
    private final CommitRule rule = new CommitRule();
    private final RecentBatches recent = new RecentBatches();
    private SortedSet<Replica> wanted = Collections.emptySortedSet();
    private long lookedAt;
    private boolean looks;
    private volatile Runnable onProgress = () -> {};
    private volatile Runnable onWantedChanged = () -> {};
    private volatile Runnable onShippable = () -> {};

    /**
     * Creates the gate of a master that is not primary.
     *
     * @param ticker nanoseconds of a monotonic clock
     */
    public InSync(LongSupplier ticker) {
        this.ticker = ticker;
    }

    /** Begins as the primary under a register that a quorum accepted. */
    public void primary(Register register) {
        Replica self =
                register.inSync().stream()
                        .filter(replica -> replica.master().equals(register.primary()))
                        .findFirst()
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "register of %s: its primary is not in sync"
                                                .formatted(register.ballot())));
        primary(self, register.inSync());
    }

    /** Begins as the primary with this set. */
    public void primary(Replica self, SortedSet<Replica> set) {
        change(() -> {
            recent.clear();
            rule.primary(self, set, ticker.getAsLong());
            return true;
        });
    }

    /**
     * Takes note of a write of the register's in-sync set that begins or has ended. Commits wait
     * for both sets from here on.
     *
     * @param written the set that a quorum accepted last
     * @param writing the set that is being written; the same when none is
     * @return false, and nothing is changed: the write would take in a replica that may lack
     *     committed entries by now. It must not be sent; {@link #wanted} has another answer
     */
    @CheckReturnValue
    public boolean registers(SortedSet<Replica> written, SortedSet<Replica> writing) {
        return change(() -> rule.registers(written, writing, ticker.getAsLong()));
    }

    /** Ends being primary: nothing is committed any more. */
    public void reset() {
        change(() -> {
            rule.reset();
            return true;
        });
    }

    /** Who should be in sync, as of the last event or look; nobody when this is not the primary. */
    public SortedSet<Replica> wanted() {
        lock.lock();
        try {
            return wanted;
        } finally {
            lock.unlock();
        }
    }

    /** Registers what is to be called, on any thread and quickly, when {@link #wanted} changes. */
    public void onWantedChanged(Runnable call) {
        onWantedChanged = call;
    }

    /** Lets time count: to be called a few times within the shortest of the rule's bounds. */
    void look() {
        change(() -> {
            long now = ticker.getAsLong();
            long gap = looks ? now - lookedAt : 0;
            if (gap > STOOD_STILL_NANOS) {
                rule.stoodStill(gap);
            }
            lookedAt = now;
            looks = true;
            return true;
        });
    }

    /** See {@link CommitRule#connected}. */
    long connected(Replica follower, long durableIndex) {
        return change(() -> rule.connected(follower, durableIndex, ticker.getAsLong()));
    }

    void acknowledged(Replica follower, long session, long index) {
        change(() -> {
            rule.acknowledged(follower, session, index, ticker.getAsLong());
            return true;
        });
    }

    void left(Replica follower, long session) {
        change(() -> {
            rule.left(follower, session, ticker.getAsLong());
            return true;
        });
    }

    /** Registers what is to be called when there is more for followers. */
    void onShippable(Runnable call) {
        onShippable = call;
    }

    /** The batch that begins with the entry, if it was appended a moment ago. */
    Optional<RecentBatches.Sent> recent(long firstIndex) {
        lock.lock();
        try {
            return recent.from(firstIndex);
        } finally {
            lock.unlock();
        }
    }

    private <T> T change(Supplier<T> how) {
        T result;
        boolean changed;
        lock.lock();
        try {
            result = how.get();
            SortedSet<Replica> now = rule.wanted(ticker.getAsLong());
            changed = !now.equals(wanted);
            wanted = Collections.unmodifiableSortedSet(now);
        } finally {
            lock.unlock();
        }
        onProgress.run();
        if (changed) {
            onWantedChanged.run();
        }
        return result;
    }

    @Override
    public void appended(long firstIndex, List<byte[]> payloads, JournalPosition last) {
        lock.lock();
        try {
            rule.appended(firstIndex, last.index(), ticker.getAsLong());
            recent.add(firstIndex, payloads, last);
        } finally {
            lock.unlock();
        }
        onShippable.run();
    }

    @Override
    public void forced(long lastIndex) {
        onShippable.run();
    }

    @Override
    public boolean isCommitted(long index) {
        lock.lock();
        try {
            return rule.isCommitted(index);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String waitsFor(long index) {
        lock.lock();
        try {
            return rule.waitsFor(index).stream()
                    .map(replica ->
                            "master %s, which has entry %d"
                                    .formatted(replica.master(), rule.durableIndex(replica)))
                    .collect(Collectors.joining("; "));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long lowestFollower() {
        lock.lock();
        try {
            return rule.lowestConnected();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onProgress(Runnable wake) {
        onProgress = wake;
    }
}
