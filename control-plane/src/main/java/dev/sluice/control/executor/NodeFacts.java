package dev.sluice.control.executor;

import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an agent last reported of its node.
 *
 * @param sessions connected clients by kind
 * @param heldAddress the shared address while the node holds it; empty otherwise
 * @param executing id of the command being executed; empty when idle
 * @param activity what the agent is doing, in words
 * @param receivedBytes bytes of packages received, by the node they came from
 * @param interlock why power actions are interlocked; empty: they are not
 */
public record NodeFacts(
        SortedMap<PackageName, Version> installed,
        List<Staged> staged,
        Service service,
        boolean accepting,
        SortedMap<String, Integer> sessions,
        String heldAddress,
        long configurationRevision,
        String executing,
        String activity,
        SortedMap<String, Long> receivedBytes,
        long diskFreeBytes,
        String interlock,
        String hardwareFault) {

    public NodeFacts {
        installed = Collections.unmodifiableSortedMap(new TreeMap<>(installed));
        staged = List.copyOf(staged);
        sessions = Collections.unmodifiableSortedMap(new TreeMap<>(sessions));
        receivedBytes = Collections.unmodifiableSortedMap(new TreeMap<>(receivedBytes));
    }

    /**
     * The process that the node exists for.
     *
     * @param version what the process itself answered; empty when it did not
     * @param address where clients reach it; empty on a master
     */
    public record Service(
            boolean running, String version, boolean healthy, String detail, String address) {}

    /** A package on the node's disk, whole or in part. */
    public record Staged(
            String contentSha256, long bytesPresent, long bytesTotal, boolean complete) {}

    public int clients() {
        return sessions.values().stream().mapToInt(Integer::intValue).sum();
    }

    public boolean hasInstalled(PackageRef ref) {
        Version version = installed.get(ref.name());
        return version != null && version.equals(ref.version());
    }

    public boolean hasStaged(String contentSha256) {
        return staged.stream()
                .anyMatch(s -> s.complete() && s.contentSha256().equals(contentSha256));
    }
}
