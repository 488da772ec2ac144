package dev.sluice.agent.verify;

import dev.sluice.agent.install.InstalledPackages;
import dev.sluice.agent.install.ServiceKeeper;
import dev.sluice.agent.install.Slot;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.agent.traffic.TrafficPort;
import dev.sluice.v1.VerifyNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Checks a node by what is observed now: the hardware's inventory, what the running service itself
 * answers, a session through the node's own address, the operator's script.
 */
public final class NodeVerifier {

    private final String nodeId;
    private final InstalledPackages installed;
    private final ServiceKeeper keeper;
    private final Supplier<Optional<String>> runningVersion;
    private final Optional<TrafficPort> traffic;
    private final ScriptRunner scripts;

    /**
     * @param runningVersion what the service itself answers; empty while it does not
     * @param traffic absent on masters
     */
    public NodeVerifier(
            String nodeId,
            InstalledPackages installed,
            ServiceKeeper keeper,
            Supplier<Optional<String>> runningVersion,
            Optional<TrafficPort> traffic,
            ScriptRunner scripts) {
        this.nodeId = nodeId;
        this.installed = installed;
        this.keeper = keeper;
        this.runningVersion = runningVersion;
        this.traffic = traffic;
        this.scripts = scripts;
    }

    /** One check: what was seen, or why it is not as expected. */
    private sealed interface Check {
        record Passed(String evidence) implements Check {}

        record Missed(String reason) implements Check {}
    }

    public Outcome verify(VerifyNode order) throws InterruptedException {
        List<Check> checks = new ArrayList<>();
        ServiceKeeper.View service;
        try {
            service = keeper.observe();
            checks.addAll(versions(new TreeMap<>(order.getExpectedMap()), service));
        } catch (IOException e) {
            return Outcome.retryable("node %s: %s".formatted(nodeId, e.getMessage()));
        }
        if (service.slot().isPresent()) {
            checks.add(health(service));
        }
        if (order.getSession()) {
            checks.add(session());
        }
        if (!order.getScript().isEmpty()) {
            checks.add(script(order.getScript()));
        }
        return outcome(checks);
    }

    private List<Check> versions(SortedMap<String, String> expected, ServiceKeeper.View service)
            throws IOException {
        SortedMap<String, String> found = installed.now();
        List<Check> checks = new ArrayList<>();
        for (Map.Entry<String, String> one : expected.entrySet()) {
            String name = one.getKey();
            checks.add(
                    compare(name, one.getValue(), found.getOrDefault(name, "none"), "installed"));
            if (service.slot().map(Slot::packageName).equals(Optional.of(name))) {
                String running = runningVersion.get().orElse("no answer");
                checks.add(compare(name, one.getValue(), running, "running"));
            }
        }
        return checks;
    }

    private Check compare(String name, String expected, String found, String what) {
        return expected.equals(found)
                ? new Check.Passed("%s %s is %s".formatted(name, found, what))
                : new Check.Missed(
                        "expected %s %s %s, found %s".formatted(name, expected, what, found));
    }

    private Check health(ServiceKeeper.View service) {
        Optional<String> running = runningVersion.get();
        if (service.pid().isEmpty() || running.isEmpty()) {
            return new Check.Missed(
                    "expected the service to run and answer, found: "
                            + (service.pid().isEmpty()
                                    ? "not running"
                                    : "pid %d, no answer %s"
                                            .formatted(service.pid().get(), service.detail())));
        }
        return new Check.Passed(
                "the service answers as %s, pid %d".formatted(running.get(), service.pid().get()));
    }

    private Check session() {
        if (traffic.isEmpty()) {
            return runningVersion
                    .get()
                    .<Check>map(version ->
                            new Check.Passed(
                                    "a session with the control plane is up, it is " + version))
                    .orElseGet(() ->
                            new Check.Missed(
                                    "expected a session with the local control plane, found none"));
        }
        TrafficPort site = traffic.get();
        try {
            TrafficPort.Greeting greeting = site.openTestSession();
            Optional<String> running = runningVersion.get();
            boolean own =
                    greeting.nodeId().equals(nodeId)
                            && running.equals(Optional.of(greeting.version()));
            return own
                    ? new Check.Passed(
                            "a test session at %s was welcomed by %s, version %s"
                                    .formatted(
                                            site.address(), greeting.nodeId(), greeting.version()))
                    : new Check.Missed(
                            "expected a test session at %s to reach node %s version %s, found node %s version %s"
                                    .formatted(
                                            site.address(),
                                            nodeId,
                                            running.orElse("unknown"),
                                            greeting.nodeId(),
                                            greeting.version()));
        } catch (IOException e) {
            return new Check.Missed(
                    "expected a test session to be welcomed, found: " + e.getMessage());
        }
    }

    private Check script(String name) throws InterruptedException {
        return switch (scripts.run(name)) {
            case ScriptRunner.Result.Passed passed -> new Check.Passed(passed.evidence());
            case ScriptRunner.Result.Failed failed -> new Check.Missed(failed.reason());
        };
    }

    private Outcome outcome(List<Check> checks) {
        List<String> evidence = new ArrayList<>();
        List<String> missed = new ArrayList<>();
        for (Check check : checks) {
            switch (check) {
                case Check.Passed passed -> evidence.add(passed.evidence());
                case Check.Missed wrong -> missed.add(wrong.reason());
            }
        }
        return missed.isEmpty()
                ? new Outcome.Done(evidence)
                : Outcome.retryable("node %s: %s".formatted(nodeId, String.join("; ", missed)));
    }
}
