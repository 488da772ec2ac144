package dev.sluice.agent.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an agent is started with.
 *
 * @param dataDir owned by this agent alone
 * @param trustedSigners PEM files; a package must be signed by one of them
 * @param channelRoots files of channels' roots; the channels that the node verifies itself
 * @param listen where other agents pull packages from
 * @param transferListen where others pull contents by the transfer protocol
 * @param transferWarmUpMebibytes sent to itself at the start; 0: nothing
 * @param traffic absent on masters
 * @param sharedAddress absent where the node never holds it
 * @param scriptsDir where VerifyNode finds the operator's scripts
 * @param initialPackages what is installed where the hardware driver cannot tell
 */
public record AgentConfig(
        String nodeId,
        Role role,
        String region,
        String hardwareModel,
        Path dataDir,
        Tls tls,
        List<Path> trustedSigners,
        List<Path> channelRoots,
        List<Master> masters,
        HostPort listen,
        HostPort transferListen,
        int transferWarmUpMebibytes,
        Optional<Traffic> traffic,
        Service service,
        Optional<SharedAddress> sharedAddress,
        Optional<Redfish> redfish,
        Optional<Path> scriptsDir,
        SortedMap<String, String> initialPackages) {

    public AgentConfig {
        trustedSigners = List.copyOf(trustedSigners);
        channelRoots = List.copyOf(channelRoots);
        masters = List.copyOf(masters);
        initialPackages = Collections.unmodifiableSortedMap(new TreeMap<>(initialPackages));
    }

    /** What the node is in the cluster. */
    public enum Role {
        MASTER,
        TRAFFIC
    }

    /** The three PEM files of the node's identity. */
    public record Tls(Path ca, Path certificate, Path key) {}

    /** A master to keep a session with. */
    public record Master(String id, HostPort address) {}

    /**
     * How admission and sessions of the site are reached.
     *
     * @param controlSocket its unix socket
     * @param address where its clients connect
     */
    public record Traffic(Path controlSocket, HostPort address) {}

    /**
     * How the site is run.
     *
     * @param environment added to what the agent sets itself
     * @param startDeadline how long a new version may take to answer
     * @param stopDeadline how long it may take to end after SIGTERM before it gets SIGKILL
     */
    public record Service(
            SortedMap<String, String> environment,
            Optional<Path> javaHome,
            Duration startDeadline,
            Duration stopDeadline) {
        public Service {
            environment = Collections.unmodifiableSortedMap(new TreeMap<>(environment));
        }
    }

    /**
     * The cluster's shared address.
     *
     * @param address what is bound while it is held
     * @param forwardTo where its connections go
     */
    public record SharedAddress(HostPort address, HostPort forwardTo) {}

    /**
     * A management controller that speaks Redfish.
     *
     * @param credentialsFile two lines, user and password; mode 0600
     * @param resetDeadline how long the system may take from reset until it runs the new image
     */
    public record Redfish(
            URI url, String systemId, Path ca, Path credentialsFile, Duration resetDeadline) {}
}
