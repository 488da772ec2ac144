package dev.sluice.loadtest.testbed;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Who is in a test cluster, and where: names, folders and loopback ports.
 *
 * @param root everything of the cluster lies below it
 * @param sharedPort port of the shared address
 */
public record Layout(Path root, List<MasterPlace> masters, List<NodePlace> nodes, int sharedPort) {

    private static final String HOST = "127.0.0.1";
    private static final int MAX_NODES = 200;

    private static final int FIRST_PORT = 10_240;
    private static final int LAST_PORT = 31_999;
    private static final int MAX_PORT_TRIES = 10_000;

    public Layout {
        masters = List.copyOf(masters);
        nodes = List.copyOf(nodes);
    }

    /**
     * A master.
     *
     * @param apiPort where its control plane listens
     * @param agentPort where its agent serves packages
     */
    public record MasterPlace(String id, String region, int apiPort, int agentPort) {}

    /**
     * A traffic node.
     *
     * @param sitePort where its clients connect
     */
    public record NodePlace(String id, String region, String zone, int sitePort, int agentPort) {}

    /**
     * Lays out two masters and the traffic nodes on free loopback ports.
     *
     * @throws IllegalArgumentException when a region would have no nodes, or there would be too
     *     many for one machine
     */
    public static Layout of(Path root, int regions, int nodesPerRegion) throws IOException {
        checkSize(regions, nodesPerRegion);
        List<Integer> ports = freePorts(5 + 2 * regions * nodesPerRegion);
        int next = 0;
        List<MasterPlace> masters = new ArrayList<>();
        for (String letter : List.of("a", "b")) {
            String region = regionName(letter.equals("a") ? 0 : Math.min(1, regions - 1));
            masters.add(
                    new MasterPlace("m-" + letter, region, ports.get(next++), ports.get(next++)));
        }
        int shared = ports.get(next++);
        List<NodePlace> nodes = new ArrayList<>();
        for (int r = 0; r < regions; r++) {
            for (int n = 1; n <= nodesPerRegion; n++) {
                String region = regionName(r);
                nodes.add(
                        new NodePlace(
                                region + "-" + n,
                                region,
                                region + "-z" + (1 + n % 2),
                                ports.get(next++),
                                ports.get(next++)));
            }
        }
        return new Layout(root, masters, nodes, shared);
    }

    /**
     * Checks how large a cluster is to be.
     *
     * @throws IllegalArgumentException naming what was expected and found
     */
    public static void checkSize(int regions, int nodesPerRegion) {
        if (regions < 1 || nodesPerRegion < 1 || (long) regions * nodesPerRegion > MAX_NODES) {
            throw new IllegalArgumentException(
                    "cluster of %d regions with %d nodes each: expected at least one region with one node, and at most %d nodes in all"
                            .formatted(regions, nodesPerRegion, MAX_NODES));
        }
    }

    private static String regionName(int index) {
        List<String> known = List.of("eu", "us", "ap", "sa", "af", "oc");
        return index < known.size() ? known.get(index) : "r" + (index + 1);
    }

    /**
     * Ports that were free a moment ago, all different, and below those that the system gives to
     * whoever asks for any: a client elsewhere on the machine does not take one before it is used.
     */
    private static List<Integer> freePorts(int count) throws IOException {
        RandomGenerator random = RandomGenerator.getDefault();
        Set<Integer> ports = new LinkedHashSet<>();
        for (int tries = 0; ports.size() < count; tries++) {
            if (tries == MAX_PORT_TRIES) {
                throw new IOException(
                        "loopback ports: expected %d free ones from %d to %d, found %d in %d tries"
                                .formatted(count, FIRST_PORT, LAST_PORT, ports.size(), tries));
            }
            int port = random.nextInt(FIRST_PORT, LAST_PORT + 1);
            if (isFree(port)) {
                ports.add(port);
            }
        }
        return List.copyOf(ports);
    }

    private static boolean isFree(int port) {
        try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    public InetSocketAddress sharedAddress() {
        return at(sharedPort);
    }

    public static InetSocketAddress at(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    static String text(int port) {
        return HOST + ":" + port;
    }

    public List<String> regions() {
        return nodes.stream().map(NodePlace::region).distinct().toList();
    }

    public List<NodePlace> nodesIn(String region) {
        return nodes.stream().filter(n -> n.region().equals(region)).toList();
    }

    /** Ids of all nodes with an agent, masters first. */
    public List<String> agentIds() {
        List<String> ids = new ArrayList<>(masters.stream().map(MasterPlace::id).toList());
        nodes.forEach(n -> ids.add(n.id()));
        return ids;
    }

    Optional<MasterPlace> master(String id) {
        return masters.stream().filter(m -> m.id().equals(id)).findFirst();
    }

    /** Where an agent keeps what it owns. */
    public Path agentData(String id) {
        return root.resolve("nodes").resolve(id).resolve("agent");
    }

    /** What the process that an agent keeps running says. */
    public Path serviceLog(String id) {
        return agentData(id).resolve("run").resolve("service.log");
    }

    Path agentConfig(String id) {
        return root.resolve("nodes").resolve(id).resolve("agent.yaml");
    }

    Path controlPlaneConfig(String id) {
        return root.resolve("nodes").resolve(id).resolve("control-plane.yaml");
    }

    Path controlPlaneData(String id) {
        return root.resolve("nodes").resolve(id).resolve("control-plane");
    }

    /** Where a master keeps entries of its journal that it took back. */
    public Path archive(String masterId) {
        return controlPlaneData(masterId).resolve("archive");
    }

    /** The secret that the masters share. */
    public Path relationKey() {
        return root.resolve("pki").resolve("inter-appliance.key");
    }

    /** The unix socket of a traffic node's site; short, because the kernel allows 107 bytes. */
    public Path controlSocket(String id) {
        return root.resolve("run").resolve(id).resolve("site.sock");
    }

    public Path identity(String name) {
        return root.resolve("pki").resolve(name);
    }

    Path signerCertificate() {
        return root.resolve("pki").resolve("package-signer.pem");
    }

    Path log(String name) {
        return root.resolve("logs").resolve(name + ".log");
    }

    Path inventory() {
        return root.resolve("cluster.yaml");
    }

    /** A configuration of the command line that reaches this cluster. */
    public Path contexts() {
        return root.resolve("contexts.yaml");
    }
}
