package dev.sluice.agent.records;

/**
 * One session that ended.
 *
 * @param how as the site says; {@link #LOST} when its process ended before it could say
 */
record EndedSession(String kind, long beganMillis, long endedMillis, String how) {

    static final String LOST = "lost";
}
