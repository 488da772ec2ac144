package dev.sluice.loadtest.demo;

import com.google.protobuf.util.Timestamps;
import dev.sluice.loadtest.clients.AddressProbe;
import dev.sluice.loadtest.clients.ClientLoad;
import dev.sluice.loadtest.testbed.Layout;
import dev.sluice.loadtest.testbed.Testbed;
import dev.sluice.v1.GetStatusResponse;
import dev.sluice.v1.MasterStatus;
import dev.sluice.v1.NodeStatus;
import dev.sluice.v1.PhaseTiming;
import dev.sluice.v1.RegionProgress;
import dev.sluice.v1.UpgradeState;
import dev.sluice.v1.WatchUpgradeResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Judges a run by what was observed from outside, and lists everything that is not right. */
record Outcome(
        Testbed testbed,
        List<NodeStatus> before,
        List<NodeStatus> after,
        GetStatusResponse status,
        WatchUpgradeResponse ended,
        ClientLoad.Seen clients,
        AddressProbe.Seen address,
        SortedMap<String, Integer> lowestAccepting,
        List<String> kills,
        List<String> killsNotDone) {

    private static final int PROBE_TIMEOUT_MILLIS = 5_000;

    private static final Pattern FETCHED =
            Pattern.compile("(?<bytes>[0-9]+) bytes from master (?<from>[^\\s,]+)");

    DemoResult result(Duration total) {
        List<String> problems = new ArrayList<>();
        checkUpgrade(problems);
        checkMasters(problems);
        List<DemoResult.NodeResult> nodes = nodes(problems);
        SortedMap<String, DemoResult.RegionResult> regions = regions(problems);
        if (clients.cut() > 0) {
            problems.add(
                    "%d sessions were cut, expected none: %s"
                            .formatted(clients.cut(), clients.cuts()));
        }
        if (clients.refused() > 0) {
            problems.add(
                    "%d attempts were refused by every node of a region, expected none"
                            .formatted(clients.refused()));
        }
        killsNotDone.forEach(kill -> problems.add("kill %s: its step never began".formatted(kill)));
        return new DemoResult(
                nodes, regions, clients, address, phases(), bytesByLink(), kills, problems, total);
    }

    private void checkUpgrade(List<String> problems) {
        if (ended.getSummary().getState() != UpgradeState.UPGRADE_STATE_COMPLETED) {
            problems.add(
                    "the upgrade is %s, expected it completed: %s"
                            .formatted(ended.getSummary().getState(), ended.getHaltReasonsList()));
        }
        ended.getNodesSetAsideList()
                .forEach(node -> problems.add("node %s was set aside".formatted(node)));
        if (!status.getFrozenBy().isEmpty()) {
            problems.add("the configuration is still frozen by " + status.getFrozenBy());
        }
        if (status.getFailoverBroken()) {
            problems.add("failover is still broken");
        }
    }

    private void checkMasters(List<String> problems) {
        for (MasterStatus master : status.getMastersList()) {
            if (!master.getControlPlaneVersion().equals(Testbed.NEW_SITE)) {
                problems.add(
                        "master %s: its control plane says it runs \"%s\", expected %s"
                                .formatted(
                                        master.getId(),
                                        master.getControlPlaneVersion(),
                                        Testbed.NEW_SITE));
            }
        }
        String holder = address.holders().isEmpty() ? "nobody" : address.holders().getLast();
        if (!holder.equals(status.getPrimary())) {
            problems.add(
                    "the shared address is answered by %s, expected the primary %s"
                            .formatted(holder, status.getPrimary()));
        }
    }

    private List<DemoResult.NodeResult> nodes(List<String> problems) {
        Map<String, NodeStatus> was = byId(before);
        Map<String, NodeStatus> is = byId(after);
        List<DemoResult.NodeResult> results = new ArrayList<>();
        for (String id : testbed.layout().agentIds()) {
            NodeStatus old = was.getOrDefault(id, NodeStatus.getDefaultInstance());
            NodeStatus now = is.getOrDefault(id, NodeStatus.getDefaultInstance());
            String site = siteVersion(id, now);
            if (!site.equals(Testbed.NEW_SITE)) {
                problems.add(
                        "node %s: it answers as site %s, expected %s"
                                .formatted(id, site, Testbed.NEW_SITE));
            }
            String base = now.getInstalledMap().getOrDefault("base", "nothing");
            if (!base.equals(Testbed.NEW_BASE)) {
                problems.add(
                        "node %s: its hardware runs base %s, expected %s"
                                .formatted(id, base, Testbed.NEW_BASE));
            }
            if (now.getRole().equals("TRAFFIC") && !now.getAccepting()) {
                problems.add("node %s: it does not accept: %s".formatted(id, now.getRemark()));
            }
            long received =
                    now.getReceivedBytesMap().values().stream().mapToLong(Long::longValue).sum();
            results.add(
                    new DemoResult.NodeResult(
                            id,
                            now.getRegion(),
                            versions(old),
                            "base %s, site %s".formatted(base, site),
                            received));
        }
        return results;
    }

    private static Map<String, NodeStatus> byId(List<NodeStatus> nodes) {
        return nodes.stream().collect(Collectors.toMap(NodeStatus::getId, Function.identity()));
    }

    private static String versions(NodeStatus node) {
        return new TreeMap<>(node.getInstalledMap())
                .entrySet().stream()
                        .map(e -> e.getKey() + " " + e.getValue())
                        .collect(Collectors.joining(", "));
    }

    /**
     * A traffic node is asked through a connection of our own; a master's control plane has
     * answered for itself.
     */
    private String siteVersion(String id, NodeStatus now) {
        for (Layout.NodePlace node : testbed.layout().nodes()) {
            if (node.id().equals(id)) {
                return probe(node);
            }
        }
        return now.getRunningVersion();
    }

    private static String probe(Layout.NodePlace node) {
        try (Socket socket = new Socket()) {
            socket.connect(Layout.at(node.sitePort()), PROBE_TIMEOUT_MILLIS);
            socket.setSoTimeout(PROBE_TIMEOUT_MILLIS);
            socket.getOutputStream().write("HELLO probe demo\n".getBytes(StandardCharsets.UTF_8));
            String answer =
                    new BufferedReader(
                                    new InputStreamReader(
                                            socket.getInputStream(), StandardCharsets.UTF_8))
                            .readLine();
            String[] words = answer == null ? new String[0] : answer.split(" ", -1);
            return words.length == 3 && words[0].equals("WELCOME")
                    ? words[1]
                    : "\"" + answer + "\"";
        } catch (IOException e) {
            return "nothing (%s)".formatted(e.getMessage());
        }
    }

    private SortedMap<String, DemoResult.RegionResult> regions(List<String> problems) {
        SortedMap<String, DemoResult.RegionResult> regions = new TreeMap<>();
        for (RegionProgress region : ended.getRegionsList()) {
            int lowest = lowestAccepting.getOrDefault(region.getRegion(), 0);
            int required = region.getRequiredAccepting();
            if (lowest < required) {
                problems.add(
                        "region %s: %d nodes accepted at the lowest, %d are required"
                                .formatted(region.getRegion(), lowest, required));
            }
            regions.put(
                    region.getRegion(),
                    new DemoResult.RegionResult(region.getNodes(), lowest, required));
        }
        return regions;
    }

    private List<DemoResult.PhaseResult> phases() {
        List<DemoResult.PhaseResult> phases = new ArrayList<>();
        for (PhaseTiming phase : ended.getPhasesList()) {
            if (phase.hasStarted() && phase.hasEnded()) {
                long millis =
                        Timestamps.toMillis(phase.getEnded())
                                - Timestamps.toMillis(phase.getStarted());
                phases.add(new DemoResult.PhaseResult(phase.getPhase(), Duration.ofMillis(millis)));
            }
        }
        return phases;
    }

    private SortedMap<String, Long> bytesByLink() {
        Map<String, String> regionOf = new TreeMap<>();
        after.forEach(node -> regionOf.put(node.getId(), node.getRegion()));
        SortedMap<String, Long> links = new TreeMap<>();
        for (NodeStatus node : after) {
            node.getReceivedBytesMap()
                    .forEach((from, bytes) ->
                            links.merge(
                                    regionOf.getOrDefault(from, "?") + " -> " + node.getRegion(),
                                    bytes,
                                    Long::sum));
        }
        for (Layout.MasterPlace master : testbed.layout().masters()) {
            fetchedByDepot(master.id())
                    .forEach((from, bytes) ->
                            links.merge(
                                    regionOf.getOrDefault(from, "?") + " -> " + master.region(),
                                    bytes,
                                    Long::sum));
        }
        return links;
    }

    /** What a master's control plane says that it fetched from others. */
    private Map<String, Long> fetchedByDepot(String master) {
        Map<String, Long> fetched = new TreeMap<>();
        try (Stream<String> lines = Files.lines(testbed.layout().serviceLog(master))) {
            lines.filter(line -> line.contains("depot: "))
                    .flatMap(line -> FETCHED.matcher(line).results())
                    .forEach(found ->
                            fetched.merge(
                                    found.group("from"),
                                    Long.parseLong(found.group("bytes")),
                                    Long::sum));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "the log of master %s is needed for what crossed".formatted(master), e);
        }
        return fetched;
    }
}
