package dev.sluice.agent.traffic;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the site says of itself.
 *
 * @param sessions connected clients by kind
 */
public record TrafficStatus(
        String version,
        String nodeId,
        boolean accepting,
        SortedMap<String, Integer> sessions,
        long pid) {

    public TrafficStatus {
        sessions = Collections.unmodifiableSortedMap(new TreeMap<>(sessions));
    }

    public int connectedClients() {
        return sessions.values().stream().mapToInt(Integer::intValue).sum();
    }
}
