package dev.sluice.agent.traffic;

import java.io.IOException;

/**
 * The site as the agent controls it. Each call takes a few seconds at most, then fails with a
 * message that names the site and what was found.
 */
public interface TrafficPort {

    TrafficStatus status() throws IOException;

    /** Lets new clients in or not; the status returned is from after that. */
    TrafficStatus admit(boolean accepting) throws IOException;

    /**
     * Ends all sessions of clients.
     *
     * @return how many were ended
     */
    int cutSessions() throws IOException;

    /** Begins and ends of sessions, from a number of a run on; all kept when the run is another. */
    SessionLog log(String run, long from) throws IOException;

    /** Opens a test session the way a client does, and ends it. */
    Greeting openTestSession() throws IOException;

    /** Where clients connect, host:port. */
    String address();

    /** What the site answers to a test session. */
    record Greeting(String version, String nodeId) {}
}
