package dev.sluice.loadtest.bench;

import dev.sluice.loadtest.clients.AddressProbe;
import dev.sluice.loadtest.testbed.ClusterWait;
import dev.sluice.loadtest.testbed.Layout;
import dev.sluice.loadtest.testbed.OperatorClient;
import dev.sluice.loadtest.testbed.Testbed;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.ListMastersRequest;
import dev.sluice.v1.ListMastersResponse;
import dev.sluice.v1.MasterDetail;
import dev.sluice.v1.PromoteMasterRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Promotions of a small cluster of real processes: planned ones by the time for which the shared
 * address does not answer, unplanned ones (kill -9 of the primary's control plane) by the time
 * until another master decides. An operator decides all the time, and nothing acknowledged may be
 * lost.
 */
final class FailoverBenchmark {

    private static final Duration START = Duration.ofMinutes(2);
    private static final Duration SETTLE = Duration.ofSeconds(60);
    private static final Duration PROBE_PAUSE = Duration.ofMillis(10);
    private static final double PLANNED_LIMIT_MILLIS = 250;
    private static final double UNPLANNED_LIMIT_MILLIS = 3000;

    private final Testbed testbed;
    private final PrintStream out;

    FailoverBenchmark(Testbed testbed, PrintStream out) {
        this.testbed = testbed;
        this.out = out;
    }

    /** Returns whether nothing acknowledged was lost; the cluster's files are then deleted. */
    static boolean run(Path folder, Path checkout, int planned, int kills, PrintStream out)
            throws IOException, InterruptedException {
        Testbed testbed = new Testbed(Layout.of(folder, 1, 2), checkout);
        boolean nothingLost;
        try (testbed) {
            testbed.start(text -> {});
            nothingLost = new FailoverBenchmark(testbed, out).measure(planned, kills);
        }
        if (nothingLost) {
            testbed.delete();
        }
        return nothingLost;
    }

    private boolean measure(int planned, int kills) throws IOException, InterruptedException {
        Layout layout = testbed.layout();
        TlsIdentity identity =
                TlsIdentity.load(layout.identity("operator"), InstantSource.system());
        SortedMap<String, OperatorClient> masters = new TreeMap<>();
        try (OperatorClient shared = new OperatorClient(layout.sharedAddress(), identity)) {
            for (Layout.MasterPlace master : layout.masters()) {
                masters.put(master.id(), new OperatorClient(Layout.at(master.apiPort()), identity));
            }
            var _ = ClusterWait.untilServing(layout, shared, START);
            List<Double> gaps;
            List<Double> takeovers;
            List<Integer> missing;
            int acknowledged;
            try (DecisionLoad decisions = new DecisionLoad(List.copyOf(masters.values()))) {
                gaps = promote(masters, identity, planned);
                takeovers = kill(masters, decisions, kills);
                String primary = awaitInSync(masters);
                missing = decisions.missingAt(client(masters, primary));
                acknowledged = decisions.count();
            }
            print(gaps, takeovers, acknowledged, missing);
            return missing.isEmpty();
        } finally {
            masters.values().forEach(OperatorClient::close);
        }
    }

    private List<Double> promote(
            SortedMap<String, OperatorClient> masters, TlsIdentity identity, int times)
            throws IOException, InterruptedException {
        List<Double> gaps = new ArrayList<>();
        try (AddressProbe probe =
                new AddressProbe(testbed.layout().sharedAddress(), identity, PROBE_PAUSE)) {
            for (int i = 0; i < times; i++) {
                String primary = awaitInSync(masters);
                String next =
                        masters.keySet().stream()
                                .filter(id -> !id.equals(primary))
                                .findFirst()
                                .orElseThrow();
                ClusterWait.until(
                        SETTLE, "answers at the shared address", () -> isHeldBy(probe, primary));
                probe.forgetGap();
                var _ =
                        client(masters, primary)
                                .calls(Duration.ofSeconds(10))
                                .promoteMaster(
                                        PromoteMasterRequest.newBuilder()
                                                .setMasterId(next)
                                                .build());
                ClusterWait.until(
                        SETTLE, "the shared address to be at " + next, () -> isHeldBy(probe, next));
                gaps.add(probe.seen().longestGap().toNanos() / 1e6);
            }
        }
        return gaps;
    }

    private static boolean isHeldBy(AddressProbe probe, String master) {
        List<String> holders = probe.seen().holders();
        return !holders.isEmpty() && holders.getLast().equals(master);
    }

    private List<Double> kill(
            SortedMap<String, OperatorClient> masters, DecisionLoad decisions, int times)
            throws IOException, InterruptedException {
        List<Double> takeovers = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            String primary = awaitInSync(masters);
            int before = decisions.count();
            ClusterWait.until(SETTLE, "decisions", () -> decisions.count() > before);
            long at = System.nanoTime();
            testbed.killControlPlane(primary);
            ClusterWait.until(
                    SETTLE, "another decision", () -> decisions.nanosUntilDecision(at) >= 0);
            takeovers.add(decisions.nanosUntilDecision(at) / 1e6);
        }
        return takeovers;
    }

    /** Waits until there is a primary, and every master is in sync; returns the primary. */
    private static String awaitInSync(SortedMap<String, OperatorClient> masters)
            throws IOException, InterruptedException {
        String[] primary = {""};
        ClusterWait.until(
                SETTLE,
                "all masters to be in sync",
                () -> {
                    for (OperatorClient master : masters.values()) {
                        ListMastersResponse list =
                                master.calls(Duration.ofSeconds(2))
                                        .listMasters(ListMastersRequest.getDefaultInstance());
                        if (list.getStanding().equals("PRIMARY")) {
                            primary[0] = list.getAnsweredBy();
                            return list.getMastersList().stream().allMatch(MasterDetail::getInSync)
                                    && list.getMastersCount() == masters.size();
                        }
                    }
                    return false;
                });
        return primary[0];
    }

    private static OperatorClient client(SortedMap<String, OperatorClient> masters, String id) {
        OperatorClient client = masters.get(id);
        if (client == null) {
            throw new IllegalArgumentException(
                    "master %s: expected one of %s".formatted(id, masters.keySet()));
        }
        return client;
    }

    private void print(
            List<Double> gaps, List<Double> takeovers, int acknowledged, List<Integer> missing) {
        out.printf(
                "%-52s %6s %8s %8s %8s %7s%n",
                "PROMOTIONS", "COUNT", "MEDIAN", "WORST", "LIMIT", "RATIO");
        row(
                "planned: shared address silent, ms (limit: median)",
                gaps,
                PLANNED_LIMIT_MILLIS,
                false);
        row(
                "primary killed: until a decision, ms (limit: worst)",
                takeovers,
                UNPLANNED_LIMIT_MILLIS,
                true);
        out.printf(
                "%n%d decisions acknowledged, %d of them lost %s%n",
                acknowledged, missing.size(), missing.isEmpty() ? "" : missing);
    }

    private void row(String name, List<Double> millis, double limit, boolean limitsWorst) {
        if (millis.isEmpty()) {
            return;
        }
        List<Double> sorted = millis.stream().sorted().toList();
        double median = sorted.get(sorted.size() / 2);
        double worst = sorted.getLast();
        out.printf(
                "%-52s %6d %8.0f %8.0f %8.0f %6.2fx%n",
                name, sorted.size(), median, worst, limit, (limitsWorst ? worst : median) / limit);
    }
}
