package dev.sluice.control.state;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.planner.PlanningInput;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/** A cluster's decisions, one after the other, in the words of a test. */
final class Ledger {

    static final NodeId A = new NodeId("m-a");
    static final NodeId B = new NodeId("m-b");
    static final Actor ALICE = new Actor("alice");
    static final PlanId PLAN = new PlanId("p-1");
    static final Ballot OF_A = new Ballot(0, 1, A, 7);

    ClusterState state = ClusterState.EMPTY;

    static Fixture fixture() {
        return Fixture.twoMasters()
                .region("eu", 2)
                .region("us", 2)
                .pkg("base 7.0.0", "base >=6.1.0")
                .target("base 7.0.0");
    }

    /** Founded, m-a in office, base 7.0.0 imported. */
    static Ledger founded() {
        PlanningInput input = fixture().input();
        Ledger ledger = new Ledger();
        ledger.accepted(new Command.TakeOffice(OF_A, "1.0.0", "founder"));
        ledger.accepted(new Command.FoundCluster(input.topology(), input.policy()));
        ledger.accepted(new Command.ImportPackage(base("aa"), ALICE));
        return ledger;
    }

    static PackageRecord base(String sha256) {
        PackageRef ref = Fixture.ref("base 7.0.0");
        Blob bytes = Blob.of(ref.toString().getBytes(StandardCharsets.UTF_8));
        return new PackageRecord(
                fixture().input().catalogue().packages().values().iterator().next(),
                bytes,
                bytes,
                sha256,
                "CN=Releases");
    }

    static Command accept(Blueprint blueprint, String... warnings) {
        return new Command.AcceptPlan(PLAN, blueprint, List.of(warnings), ALICE);
    }

    Decision decide(Command command) {
        Decision decision = Decider.decide(state, command);
        if (decision instanceof Decision.Accepted(var events)) {
            events.forEach(this::happens);
        }
        return decision;
    }

    private void happens(Event event) {
        Ballot ballot = state.office() == null ? OF_A : state.office().ballot();
        state = state.apply(new Recorded(state.index() + 1, Instant.EPOCH, ballot, event));
    }

    List<Event> accepted(Command command) {
        if (decide(command) instanceof Decision.Accepted(var events)) {
            return events;
        }
        throw new AssertionError("rejected: " + rejected(command));
    }

    String rejected(Command command) {
        return decide(command) instanceof Decision.Rejected(var refusal)
                ? refusal.subject() + ": " + refusal.reason()
                : "accepted " + command;
    }
}
