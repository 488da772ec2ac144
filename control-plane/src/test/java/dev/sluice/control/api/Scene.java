package dev.sluice.control.api;

import dev.sluice.control.executor.NodeFacts;
import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.executor.Peers;
import dev.sluice.control.executor.Waiting;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepKind;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.Version;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decider;
import dev.sluice.control.state.Decision;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.Recorded;
import dev.sluice.trust.packages.Installation;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageVersion;
import dev.sluice.trust.packages.PayloadPath;
import dev.sluice.trust.packages.Sha256;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A cluster's history in the words of a test: primary m-a and backup m-b, four nodes in eu and two
 * in us, and base 7.0.0 to upgrade to.
 */
final class Scene {

    static final NodeId A = new NodeId("m-a");
    static final NodeId B = new NodeId("m-b");
    static final Ballot OF_A = new Ballot(0, 1, A, 7);
    static final Ballot OF_B = new Ballot(0, 2, B, 9);
    static final Actor ALICE = new Actor("alice");
    static final PlanId PLAN = new PlanId("p-1");
    static final Instant START = Instant.parse("2026-03-01T10:00:00Z");
    static final String SHA = "ab".repeat(32);

    final List<Recorded> history = new ArrayList<>();
    ClusterState state = ClusterState.EMPTY;
    private Ballot ballot = OF_A;

    static Fixture fixture() {
        return Fixture.twoMasters()
                .region("eu", 4)
                .region("us", 2)
                .pkg("base 7.0.0", "base >=6.1.0")
                .target("base 7.0.0");
    }

    static Topology topology() {
        return fixture().input().topology();
    }

    private static byte[] manifest() {
        return new Manifest(
                        ManifestDraft.of(
                                new dev.sluice.trust.packages.PackageName("base"),
                                PackageKind.BASE,
                                new PackageVersion("7.0.0"),
                                1,
                                new Installation.Image(new PayloadPath("image"))),
                        new PackageContent(
                                1536, new Sha256(SHA), PackageContent.LEAF_SIZE, new Sha256(SHA)))
                .encoded();
    }

    static PackageRecord base() {
        PlanningInput input = fixture().input();
        return new PackageRecord(
                input.catalogue().packages().values().iterator().next(),
                Blob.of(manifest()),
                Blob.of(new byte[] {2}),
                SHA,
                "CN=Releases");
    }

    /** Founded, m-a in office, base 7.0.0 imported. */
    static Scene founded() {
        return new Scene()
                .does(new Command.TakeOffice(OF_A, "1.0.0", "founder"))
                .does(new Command.FoundCluster(topology(), fixture().input().policy()))
                .does(new Command.ImportPackage(base(), ALICE));
    }

    Scene planned(Blueprint blueprint, String... warnings) {
        return does(new Command.AcceptPlan(PLAN, blueprint, List.of(warnings), ALICE));
    }

    Scene started() {
        return planned(fixture().blueprint()).does(new Command.StartUpgrade(PLAN, ALICE));
    }

    /** Decides and applies; a refusal fails the test. */
    Scene does(Command command) {
        if (command instanceof Command.TakeOffice office) {
            ballot = office.ballot();
        }
        switch (Decider.decide(state, command)) {
            case Decision.Rejected(var refusal) -> throw new AssertionError("refused: " + refusal);
            case Decision.Accepted(var events) -> events.forEach(this::happens);
        }
        return this;
    }

    private void happens(Event event) {
        Recorded recorded =
                new Recorded(state.index() + 1, START.plusSeconds(state.index()), ballot, event);
        history.add(recorded);
        state = state.apply(recorded);
    }

    /** Starts and ends, in order, every step before the first of a kind, then starts that one. */
    Step runUpTo(StepKind kind) {
        for (Step step : state.currentUpgrade().orElseThrow().graph().steps()) {
            does(new Command.StartStep(PLAN, step.id(), Set.of()));
            if (step.kind() == kind) {
                return step;
            }
            does(new Command.CompleteStep(PLAN, step.id(), List.of("seen")));
        }
        throw new AssertionError("no step of kind " + kind);
    }

    /** What a master knows when every agent obeys this ballot. */
    Outlook seenBy(NodeId self, @Nullable Ballot own, Ballot obeyed, Waiting... waits) {
        return seenBy(self, own, fleet(obeyed), waits);
    }

    Outlook seenBy(
            NodeId self,
            @Nullable Ballot own,
            Map<NodeId, NodeObservation> fleet,
            Waiting... waits) {
        return new Outlook(
                state,
                self,
                "1.0.0",
                own,
                new TreeMap<>(fleet),
                peers(self.equals(A) ? B : A),
                List.of(waits),
                "10.0.0.1");
    }

    static SortedMap<NodeId, Peers.Peer> peers(NodeId other) {
        return new TreeMap<>(
                Map.of(other, new Peers.Peer(other, true, 3, "1.0.0", Optional.of(START))));
    }

    /** All nodes and masters connected and well, fenced by a ballot. */
    static SortedMap<NodeId, NodeObservation> fleet(Ballot obeyed) {
        SortedMap<NodeId, NodeObservation> fleet = new TreeMap<>();
        topology()
                .masters()
                .forEach(m -> fleet.put(m.id(), observed(m.id(), obeyed, facts(m.id(), false, 0))));
        topology()
                .nodes()
                .forEach(n -> fleet.put(n.id(), observed(n.id(), obeyed, facts(n.id(), true, 10))));
        return fleet;
    }

    static NodeObservation observed(NodeId node, @Nullable Ballot obeyed, NodeFacts facts) {
        return new NodeObservation(
                node, 1, true, obeyed, facts, Duration.ofMillis(300), "1.0.0", "10.1.0.1:7070");
    }

    static NodeObservation gone(NodeId node) {
        return new NodeObservation(node, 1, false, null, null, Duration.ofSeconds(60), "1.0.0", "");
    }

    static NodeFacts facts(NodeId node, boolean accepting, int clients) {
        return facts(node, accepting, clients, Fixture.plain());
    }

    static NodeFacts facts(
            NodeId node,
            boolean accepting,
            int clients,
            SortedMap<PackageName, Version> installed) {
        SortedMap<String, Integer> sessions = new TreeMap<>();
        if (clients > 0) {
            sessions.put("customer", clients);
        }
        return new NodeFacts(
                installed,
                List.of(),
                new NodeFacts.Service(true, "24.1.0", true, "", node + ":8443"),
                accepting,
                sessions,
                node.equals(A) ? "10.0.0.1" : "",
                0,
                "",
                "",
                new TreeMap<>(),
                1L << 40,
                "",
                "");
    }
}
