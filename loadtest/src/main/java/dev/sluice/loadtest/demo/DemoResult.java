package dev.sluice.loadtest.demo;

import dev.sluice.loadtest.clients.AddressProbe;
import dev.sluice.loadtest.clients.ClientLoad;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;

/**
 * What a demo run showed.
 *
 * @param nodes every node, masters first
 * @param regions by name
 * @param bytesByLink bytes of packages between regions, written {@code eu -> us}
 * @param kills what was killed
 * @param problems what is not as it should be; empty: everything is right
 */
record DemoResult(
        List<NodeResult> nodes,
        SortedMap<String, RegionResult> regions,
        ClientLoad.Seen clients,
        AddressProbe.Seen address,
        List<PhaseResult> phases,
        SortedMap<String, Long> bytesByLink,
        List<String> kills,
        List<String> problems,
        Duration total) {

    DemoResult {
        nodes = List.copyOf(nodes);
        phases = List.copyOf(phases);
        kills = List.copyOf(kills);
        problems = List.copyOf(problems);
    }

    /**
     * A node.
     *
     * @param after what it runs now, by its own word through a connection of ours
     */
    record NodeResult(String id, String region, String before, String after, long receivedBytes) {}

    /**
     * A region.
     *
     * @param lowestAccepting nodes seen accepting at once, at least
     * @param requiredAccepting below which the plan must never go
     */
    record RegionResult(int nodes, int lowestAccepting, int requiredAccepting) {}

    record PhaseResult(String phase, Duration duration) {}

    boolean isRight() {
        return problems.isEmpty();
    }
}
