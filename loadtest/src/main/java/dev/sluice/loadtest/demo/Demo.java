package dev.sluice.loadtest.demo;

import dev.sluice.cli.render.UpgradeView;
import dev.sluice.loadtest.clients.AddressProbe;
import dev.sluice.loadtest.clients.AdmissionSampler;
import dev.sluice.loadtest.clients.ClientLoad;
import dev.sluice.loadtest.testbed.ClusterWait;
import dev.sluice.loadtest.testbed.Layout;
import dev.sluice.loadtest.testbed.OperatorClient;
import dev.sluice.loadtest.testbed.Testbed;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.GetStatusResponse;
import dev.sluice.v1.NodeStatus;
import dev.sluice.v1.PlanUpgradeResponse;
import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.WatchUpgradeRequest;
import dev.sluice.v1.WatchUpgradeResponse;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** One run of the demo: start, load, upgrade, check. */
final class Demo {

    private static final Duration START_DEADLINE = Duration.ofMinutes(2);
    private static final Duration UPGRADE_DEADLINE = Duration.ofMinutes(15);

    /** Sessions go on for a moment after the upgrade, so that the last nodes serve some too. */
    private static final int SETTLE_MILLIS = 2_000;

    private static final int LOOK_MILLIS = 100;

    private final Testbed testbed;
    private final List<Kill> orders;
    private final int clientsPerRegion;
    private final Progress progress;
    private final CountDownLatch never = new CountDownLatch(1);

    Demo(Testbed testbed, List<Kill> orders, int clientsPerRegion, Progress progress) {
        this.testbed = testbed;
        this.orders = List.copyOf(orders);
        this.clientsPerRegion = clientsPerRegion;
        this.progress = progress;
    }

    /** Starts the cluster and waits until all of it serves. */
    void start() throws IOException, InterruptedException {
        testbed.start(progress::say);
        progress.say("waiting for the cluster to serve");
        TlsIdentity identity = operatorIdentity();
        try (OperatorClient operator =
                new OperatorClient(testbed.layout().sharedAddress(), identity)) {
            var _ = awaitServing(operator);
        }
    }

    private TlsIdentity operatorIdentity() throws IOException {
        return TlsIdentity.load(testbed.layout().identity("operator"), InstantSource.system());
    }

    /** Starts the cluster, upgrades it under load, and judges what was observed. */
    DemoResult run() throws IOException, InterruptedException {
        long began = System.nanoTime();
        testbed.start(progress::say);
        Layout layout = testbed.layout();
        TlsIdentity identity = operatorIdentity();
        try (OperatorClient operator = new OperatorClient(layout.sharedAddress(), identity)) {
            progress.say("waiting for the cluster to serve");
            List<NodeStatus> before = awaitServing(operator);
            try (ClientLoad clients = new ClientLoad(sites(), profile());
                    AdmissionSampler admission = new AdmissionSampler(sockets());
                    AddressProbe address = new AddressProbe(layout.sharedAddress(), identity);
                    Killer killer =
                            new Killer(
                                    testbed,
                                    new OperatorClient(layout.sharedAddress(), identity),
                                    orders)) {
                WatchUpgradeResponse ended = upgrade(operator);
                boolean _ = never.await(SETTLE_MILLIS, TimeUnit.MILLISECONDS);
                progress.close();
                progress.say("checking what was observed");
                Outcome outcome =
                        new Outcome(
                                testbed,
                                before,
                                nodes(operator),
                                status(operator),
                                ended,
                                clients.seen(),
                                address.seen(),
                                admission.lowest(),
                                killer.done(),
                                killer.notDone());
                return outcome.result(Duration.ofNanos(System.nanoTime() - began));
            }
        }
    }

    private ClientLoad.Profile profile() {
        return new ClientLoad.Profile(
                clientsPerRegion, Duration.ofSeconds(1), Duration.ofSeconds(5), 1);
    }

    private Map<String, List<InetSocketAddress>> sites() {
        Map<String, List<InetSocketAddress>> sites = new TreeMap<>();
        for (String region : testbed.layout().regions()) {
            sites.put(
                    region,
                    testbed.layout().nodesIn(region).stream()
                            .map(n -> Layout.at(n.sitePort()))
                            .toList());
        }
        return sites;
    }

    private Map<String, List<Path>> sockets() {
        Map<String, List<Path>> sockets = new TreeMap<>();
        for (String region : testbed.layout().regions()) {
            sockets.put(
                    region,
                    testbed.layout().nodesIn(region).stream()
                            .map(n -> testbed.layout().controlSocket(n.id()))
                            .toList());
        }
        return sockets;
    }

    private List<NodeStatus> awaitServing(OperatorClient operator)
            throws IOException, InterruptedException {
        return ClusterWait.untilServing(testbed.layout(), operator, START_DEADLINE);
    }

    private WatchUpgradeResponse upgrade(OperatorClient operator)
            throws IOException, InterruptedException {
        for (Path file : testbed.newPackages()) {
            progress.say("importing " + file.getFileName());
            var _ = operator.importPackage(file);
        }
        PlanUpgradeResponse plan = operator.plan(Map.of("site", Testbed.NEW_SITE));
        if (plan.getRefused()) {
            throw new IOException("the upgrade was refused: " + plan.getDocumentJson());
        }
        progress.say(
                "starting upgrade %s to site %s".formatted(plan.getPlanId(), Testbed.NEW_SITE));
        operator.start(plan.getPlanId());
        return watch(operator);
    }

    /** Follows the upgrade to its end, over every switch of the shared address. */
    private WatchUpgradeResponse watch(OperatorClient operator)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + UPGRADE_DEADLINE.toNanos();
        WatchUpgradeResponse last = WatchUpgradeResponse.getDefaultInstance();
        while (System.nanoTime() < deadline) {
            try {
                Iterator<WatchUpgradeResponse> updates =
                        operator.streams()
                                .withDeadlineAfter(UPGRADE_DEADLINE)
                                .watchUpgrade(WatchUpgradeRequest.getDefaultInstance());
                while (updates.hasNext()) {
                    last = updates.next();
                    progress.show(last);
                    UpgradeState state = last.getSummary().getState();
                    if (UpgradeView.hasEnded(state) || state == UpgradeState.UPGRADE_STATE_HALTED) {
                        return last;
                    }
                }
            } catch (StatusRuntimeException _) {
                // The address moves, or its master was killed: ask again.
                boolean _ = never.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
        }
        throw new IOException(
                "the upgrade has not ended within %s; it waits for %s"
                        .formatted(UPGRADE_DEADLINE, last.getWaitingList()));
    }

    private List<NodeStatus> nodes(OperatorClient operator)
            throws IOException, InterruptedException {
        ClusterWait.until(
                START_DEADLINE,
                "an answer about the nodes",
                () -> operator.nodes().getNodesCount() > 0);
        return operator.nodes().getNodesList();
    }

    private GetStatusResponse status(OperatorClient operator)
            throws IOException, InterruptedException {
        ClusterWait.until(
                START_DEADLINE,
                "an answer about the cluster",
                () -> !operator.status().getPrimary().isEmpty());
        return operator.status();
    }
}
