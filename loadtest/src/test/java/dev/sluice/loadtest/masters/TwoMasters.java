package dev.sluice.loadtest.masters;

import dev.sluice.loadtest.testbed.Cli;
import dev.sluice.loadtest.testbed.ClusterWait;
import dev.sluice.loadtest.testbed.Layout;
import dev.sluice.loadtest.testbed.OperatorClient;
import dev.sluice.loadtest.testbed.Testbed;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.ListMastersRequest;
import dev.sluice.v1.ListMastersResponse;
import dev.sluice.v1.MasterDetail;
import dev.sluice.v1.NodeStatus;
import dev.sluice.v1.SetConfigurationRequest;
import dev.sluice.v1.SetNodeAdmissionRequest;
import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import dev.sluice.v1.WitnessDetail;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/** A cluster of two masters and two traffic nodes, and an operator's way to each master. */
final class TwoMasters implements AutoCloseable {

    static final Duration SETTLE = Duration.ofSeconds(60);
    private static final Duration CALL = Duration.ofSeconds(10);

    /** As long as a command that is refused may take. */
    private static final Duration COMMAND = Duration.ofSeconds(60);

    private static final int WITNESSES = 3;
    private static final String NO_WITNESS = "eu-2";
    private static final String SETTING = "site.note";

    private final Testbed testbed;
    private final SortedMap<String, OperatorClient> masters = new TreeMap<>();

    private final SortedSet<String> off = new TreeSet<>();

    private TwoMasters(Testbed testbed) {
        this.testbed = testbed;
    }

    /**
     * Starts it. One traffic node comes after the founding, so that the witnesses are known: both
     * masters and the other.
     */
    static TwoMasters start(Path folder) throws IOException, InterruptedException {
        Layout layout = Layout.of(folder, 1, 2);
        Testbed testbed = new Testbed(layout, Path.of("..").toAbsolutePath().normalize());
        TwoMasters cluster = new TwoMasters(testbed);
        try {
            testbed.start(_ -> {});
            cluster.powerOff(NO_WITNESS);
            TlsIdentity operator =
                    TlsIdentity.load(layout.identity("operator"), InstantSource.system());
            for (Layout.MasterPlace master : layout.masters()) {
                cluster.masters.put(
                        master.id(), new OperatorClient(Layout.at(master.apiPort()), operator));
            }
            cluster.await(
                    "the founding",
                    () ->
                            cluster.masters.keySet().stream()
                                    .anyMatch(id -> cluster.list(id).getWitnessesCount() > 0));
            cluster.powerOn(NO_WITNESS);
            return cluster;
        } catch (IOException | InterruptedException e) {
            cluster.close();
            throw e;
        }
    }

    Testbed testbed() {
        return testbed;
    }

    OperatorClient at(String master) {
        OperatorClient client = masters.get(master);
        if (client == null) {
            throw new IllegalArgumentException(
                    "master %s: expected one of %s".formatted(master, masters.keySet()));
        }
        return client;
    }

    String other(String master) {
        return masters.keySet().stream().filter(id -> !id.equals(master)).findFirst().orElseThrow();
    }

    ListMastersResponse list(String master) {
        return at(master).calls(CALL).listMasters(ListMastersRequest.getDefaultInstance());
    }

    /**
     * Waits until one master is primary and commands every node, the other is in sync, and all
     * witnesses are there; returns the primary.
     */
    String awaitWhole() throws IOException, InterruptedException {
        String[] primary = {""};
        ClusterWait.until(
                SETTLE,
                "a whole cluster",
                () -> {
                    for (String id : masters.keySet()) {
                        if (isWhole(list(id))) {
                            primary[0] = id;
                            return nodes(id).stream()
                                    .allMatch(n -> n.getConnected() && n.getFenced());
                        }
                    }
                    return false;
                });
        return primary[0];
    }

    private boolean isWhole(ListMastersResponse list) {
        return list.getStanding().equals("PRIMARY")
                && list.getMastersCount() == masters.size()
                && list.getMastersList().stream().allMatch(MasterDetail::getInSync)
                && list.getWitnessesCount() == WITNESSES
                && list.getWitnessesList().stream()
                        .allMatch(w -> w.getReachable() && !w.getLeaving());
    }

    void await(String what, BooleanSupplier condition) throws IOException, InterruptedException {
        ClusterWait.until(SETTLE, what, condition);
    }

    boolean isInSync(String seenBy, String master) {
        return list(seenBy).getMastersList().stream()
                .anyMatch(m -> m.getId().equals(master) && m.getInSync());
    }

    /** The traffic node that votes. */
    String trafficWitness(String seenBy) {
        return list(seenBy).getWitnessesList().stream()
                .map(WitnessDetail::getNode)
                .filter(node -> !masters.containsKey(node))
                .findFirst()
                .orElseThrow();
    }

    /** The traffic node that is not the given one. */
    String otherNode(String node) {
        return testbed.layout().nodes().stream()
                .map(Layout.NodePlace::id)
                .filter(id -> !id.equals(node))
                .findFirst()
                .orElseThrow();
    }

    List<NodeStatus> nodes(String seenBy) {
        return at(seenBy).nodes().getNodesList();
    }

    NodeStatus node(String seenBy, String node) {
        return nodes(seenBy).stream().filter(n -> n.getId().equals(node)).findFirst().orElseThrow();
    }

    /** Has a master decide something; it is acknowledged when this returns. */
    void decide(String master, String value) {
        var _ =
                at(master)
                        .calls(CALL)
                        .setConfiguration(
                                SetConfigurationRequest.newBuilder()
                                        .setKey(SETTING)
                                        .setValue(value)
                                        .build());
    }

    static String decision(String value) {
        return "setting %s is now \"%s\"".formatted(SETTING, value);
    }

    /** Takes a node out of service, or back in; decided when this returns. */
    void admit(String master, String node, boolean accepting) {
        var _ =
                at(master)
                        .calls(CALL)
                        .setNodeAdmission(
                                SetNodeAdmissionRequest.newBuilder()
                                        .setNodeId(node)
                                        .setAccepting(accepting)
                                        .build());
    }

    /** What the journal of a master says, a line for each event. */
    List<WatchEventsResponse> events(String master) {
        Iterator<WatchEventsResponse> events =
                at(master)
                        .calls(CALL)
                        .watchEvents(WatchEventsRequest.newBuilder().setFromIndex(1).build());
        List<WatchEventsResponse> all = new ArrayList<>();
        events.forEachRemaining(all::add);
        return all;
    }

    List<String> summaries(String master) {
        return events(master).stream().map(WatchEventsResponse::getSummary).toList();
    }

    void powerOff(String id) throws IOException {
        off.add(id);
        testbed.powerOff(id);
    }

    void powerOn(String id) throws IOException {
        off.remove(id);
        testbed.powerOn(id);
    }

    /** Also after a test that failed, so that the others have a cluster. */
    void powerOnAll() throws IOException {
        for (String id : List.copyOf(off)) {
            powerOn(id);
        }
    }

    /** Runs the command line. */
    Cli.Run sluice(String... arguments) throws IOException, InterruptedException {
        return testbed.cli(COMMAND, arguments);
    }

    @Override
    public void close() {
        masters.values().forEach(OperatorClient::close);
        testbed.close();
    }
}
