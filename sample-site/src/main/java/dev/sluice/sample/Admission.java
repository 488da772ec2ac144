package dev.sluice.sample;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The gate that decides whether a session is let in, and the count of those that are.
 *
 * <p>Checking and counting are one step under one lock, so that the status answered by {@link
 * #close} is final: whoever drains the node sees only falling counts from then on. It starts
 * closed, because a site that nobody opened must not take sessions that nobody waits for.
 */
final class Admission {

    enum Decision {
        ADMITTED,
        REFUSED
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<ClientSession, Counted> sessions = new LinkedHashMap<>();
    private final int maxSessions;
    private final SessionLog log;
    private final InstantSource clock;
    private boolean accepting;
    private int customers;
    private int consoles;
    private long admitted;
    private long refused;

    /** A session that is counted, under its number in the log. */
    private record Counted(Kind kind, long number, long beganMillis) {}

    Admission(int maxSessions, SessionLog log, InstantSource clock) {
        this.maxSessions = maxSessions;
        this.log = log;
        this.clock = clock;
    }

    /** Lets the session in and counts it, or refuses it; a probe is let in without either. */
    Decision admit(ClientSession session, Kind kind) {
        if (kind == Kind.PROBE) {
            return Decision.ADMITTED;
        }
        lock.lock();
        try {
            if (!accepting || sessions.size() >= maxSessions) {
                refused++;
                return Decision.REFUSED;
            }
            long now = clock.millis();
            sessions.put(session, new Counted(kind, log.began(kind, now), now));
            count(kind, 1);
            admitted++;
            return Decision.ADMITTED;
        } finally {
            lock.unlock();
        }
    }

    /** Counts a connection that was turned away before it could say what it is. */
    void refuse() {
        lock.lock();
        try {
            refused++;
        } finally {
            lock.unlock();
        }
    }

    /** Takes the session out of the count; a session that is not counted changes nothing. */
    void leave(ClientSession session, EndedBy how) {
        lock.lock();
        try {
            Counted left = sessions.remove(session);
            if (left != null) {
                count(left.kind(), -1);
                note(left, how, clock.millis());
            }
        } finally {
            lock.unlock();
        }
    }

    SiteStatus open() {
        return set(true);
    }

    /** Closes admission; no session is counted after this returned, until {@link #open}. */
    SiteStatus close() {
        return set(false);
    }

    SiteStatus status() {
        lock.lock();
        try {
            return snapshot();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes every counted session out of the count and returns them, for the caller to disconnect.
     */
    List<ClientSession> evict() {
        lock.lock();
        try {
            List<ClientSession> evicted = new ArrayList<>(sessions.keySet());
            long now = clock.millis();
            sessions.values().forEach(cut -> note(cut, EndedBy.CUT, now));
            sessions.clear();
            customers = 0;
            consoles = 0;
            return List.copyOf(evicted);
        } finally {
            lock.unlock();
        }
    }

    /** Begins and ends of sessions from a number on, as {@link SessionLog#answer}. */
    String logFrom(String run, long number) {
        lock.lock();
        try {
            return log.answer(run, number);
        } finally {
            lock.unlock();
        }
    }

    private void note(Counted session, EndedBy how, long now) {
        log.ended(session.number(), session.kind(), session.beganMillis(), how, now);
    }

    private SiteStatus set(boolean value) {
        lock.lock();
        try {
            accepting = value;
            return snapshot();
        } finally {
            lock.unlock();
        }
    }

    private SiteStatus snapshot() {
        return new SiteStatus(accepting, customers, consoles, admitted, refused);
    }

    private void count(Kind kind, int change) {
        switch (kind) {
            case CUSTOMER -> customers += change;
            case CONSOLE -> consoles += change;
            case PROBE -> throw new IllegalStateException("a probe is never counted");
        }
    }
}
