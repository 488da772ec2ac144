package dev.sluice.agent.records;

import dev.sluice.agent.traffic.SessionLog;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.pcollections.TreePMap;

/**
 * What the spool has: records with their sequences, the sessions that are open, and where the next
 * question to the site begins. Immutable and without I/O.
 *
 * @param store names the spool; two of them never count records under one name
 * @param run of the site that was read last
 * @param next the number of the entry to ask for
 * @param open the sessions of that run whose end was not read, by number
 * @param oldest the sequence of the oldest record, or the next one to be given when there is none
 * @param records the records from there on, by sequence
 * @param dropped records that went because the spool was full
 * @param missed begins and ends of sessions that were never read
 */
record SpoolState(
        String store,
        String run,
        long next,
        TreePMap<Long, Open> open,
        long oldest,
        TreePMap<Long, EndedSession> records,
        long dropped,
        long missed) {

    /** With 30 sessions that end in a minute, that is 11 hours without any master. */
    static final int MAX_RECORDS = 20_000;

    /** As many as a site may have. */
    static final int MAX_OPEN = 100_000;

    /** What is known of a session that is open. */
    record Open(String kind, long beganMillis) {}

    static SpoolState named(String store) {
        return new SpoolState(
                store, SessionLog.NO_RUN, 1, TreePMap.empty(), 1, TreePMap.empty(), 0, 0);
    }

    /** The sequence that the next record gets. */
    long nextSequence() {
        return oldest + records.size();
    }

    SpoolState apply(SpoolFact fact) {
        return switch (fact) {
            case SpoolFact.Named(String name) -> named(name);
            case SpoolFact.Everything(SpoolState all) -> all;
            case SpoolFact.Read read -> read(read);
            case SpoolFact.SiteEnded(long millis) -> siteEnded(millis);
            case SpoolFact.Released(long sequence) -> released(sequence);
        };
    }

    private SpoolState read(SpoolFact.Read read) {
        TreePMap<Long, Open> nowOpen = open;
        List<EndedSession> ended = new ArrayList<>();
        long lost = 0;
        for (SessionLog.Entry entry : read.entries()) {
            switch (entry) {
                case SessionLog.Entry.Began(long session, String kind, long millis) -> {
                    nowOpen = nowOpen.plus(session, new Open(kind, millis));
                    if (nowOpen.size() > MAX_OPEN) {
                        nowOpen = nowOpen.minus(nowOpen.firstKey());
                        lost++;
                    }
                }
                case SessionLog.Entry.Ended end -> {
                    nowOpen = nowOpen.minus(end.session());
                    ended.add(
                            new EndedSession(
                                    end.kind(), end.beganMillis(), end.millis(), end.how()));
                }
            }
        }
        return new SpoolState(
                        store,
                        read.run(),
                        read.next(),
                        nowOpen,
                        oldest,
                        records,
                        dropped,
                        missed + read.missed() + lost)
                .plus(ended);
    }

    private SpoolState siteEnded(long millis) {
        List<EndedSession> lost =
                open.values().stream()
                        .map(session ->
                                new EndedSession(
                                        session.kind(),
                                        session.beganMillis(),
                                        millis,
                                        EndedSession.LOST))
                        .toList();
        return new SpoolState(store, run, next, TreePMap.empty(), oldest, records, dropped, missed)
                .plus(lost);
    }

    private SpoolState plus(List<EndedSession> ended) {
        TreePMap<Long, EndedSession> more = records;
        long sequence = nextSequence();
        for (EndedSession session : ended) {
            more = more.plus(sequence++, session);
        }
        SpoolState full = with(oldest, more, dropped);
        long excess = more.size() - (long) MAX_RECORDS;
        return excess <= 0 ? full : full.without(oldest + excess - 1, excess);
    }

    private SpoolState released(long sequence) {
        return sequence < oldest ? this : without(Math.min(sequence, nextSequence() - 1), 0);
    }

    private SpoolState without(long upTo, long nowDropped) {
        TreePMap<Long, EndedSession> rest = records;
        for (long sequence = oldest; sequence <= upTo; sequence++) {
            rest = rest.minus(sequence);
        }
        return with(upTo + 1, rest, dropped + nowDropped);
    }

    private SpoolState with(long first, TreePMap<Long, EndedSession> kept, long nowDropped) {
        return new SpoolState(store, run, next, open, first, kept, nowDropped, missed);
    }

    /** At most so many records from a sequence on, or from the oldest. */
    SortedMap<Long, EndedSession> from(long sequence, int most) {
        long first = Math.max(sequence, oldest);
        return records.subMap(first, Math.min(nextSequence(), first + most));
    }

    /** What a site's answer means: nothing, or facts that become durable together. */
    List<SpoolFact> factsOf(SessionLog log, long nowMillis) {
        List<SpoolFact> facts = new ArrayList<>();
        boolean same = log.run().equals(run);
        if (!same && !open.isEmpty()) {
            facts.add(new SpoolFact.SiteEnded(nowMillis));
        }
        long begin = same ? next : 1;
        long following = log.first() + log.entries().size();
        if (!same || following > next) {
            facts.add(
                    new SpoolFact.Read(
                            log.run(), following, Math.max(0, log.first() - begin), log.entries()));
        }
        return facts;
    }
}
