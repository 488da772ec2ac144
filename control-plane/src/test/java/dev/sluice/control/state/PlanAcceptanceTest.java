package dev.sluice.control.state;

import static dev.sluice.control.state.Ledger.ALICE;
import static dev.sluice.control.state.Ledger.OF_A;
import static dev.sluice.control.state.Ledger.PLAN;
import static dev.sluice.control.state.Ledger.accept;
import static dev.sluice.control.state.Ledger.fixture;
import static dev.sluice.control.state.Ledger.founded;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.planner.Fixture;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which plans are accepted, and why others are not. */
class PlanAcceptanceTest {

    private static Blueprint with(Blueprint b, List<Step> steps) {
        return new Blueprint(
                b.strategy(),
                b.target(),
                b.path(),
                b.halves(),
                steps,
                b.policy(),
                b.withoutBackup());
    }

    private static Step with(Step step, StepId id, List<StepId> after) {
        return new Step(id, step.pass(), step.phase(), step.region(), step.work(), after);
    }

    private static String refusal(Blueprint blueprint, String... warnings) {
        return founded().rejected(accept(blueprint, warnings));
    }

    @Test
    @Tag("PRE-1")
    void refusesAPlanWithoutABackupUnlessAskedForByName() {
        Blueprint named = fixture().withoutBackup().blueprint();
        Blueprint silent =
                new Blueprint(
                        named.strategy(),
                        named.target(),
                        named.path(),
                        named.halves(),
                        named.steps(),
                        named.policy(),
                        false);

        assertThat(refusal(silent))
                .isEqualTo(
                        "plan p-1: it takes no backup; an upgrade begins with one unless the operator asks for none by name (--without-backup)");
        assertThat(founded().accepted(accept(named))).hasSize(1);
    }

    @Test
    void refusesAPlanOfPackagesThatAreNotImported() {
        Blueprint other =
                Fixture.twoMasters()
                        .region("eu", 2)
                        .pkg("base 8.0.0", "base >=6.1.0")
                        .target("base 8.0.0")
                        .blueprint();

        assertThat(refusal(other))
                .isEqualTo("package base 8.0.0: is not imported; import it and plan again");
    }

    @Test
    void refusesAPlanIdThatTheLastPlanHas() {
        Ledger ledger = founded();
        ledger.accepted(accept(fixture().blueprint()));

        assertThat(ledger.rejected(accept(fixture().blueprint())))
                .isEqualTo(
                        "plan p-1: expected a plan id that was not used before, found that of the last plan; plan again");
        ledger.accepted(
                new Command.AcceptPlan(new PlanId("p-2"), fixture().blueprint(), List.of(), ALICE));
        assertThat(ledger.state.plans()).isEqualTo(2);
        assertThat(ledger.rejected(new Command.StartUpgrade(PLAN, ALICE)))
                .isEqualTo("plan p-1: is not the current plan, which is p-2; plan again");
    }

    @Test
    @Tag("PRE-11")
    void runsOneUpgradeAtATime() {
        Ledger ledger = founded();
        ledger.accepted(accept(fixture().blueprint()));
        ledger.accepted(new Command.StartUpgrade(PLAN, ALICE));

        assertThat(
                        ledger.rejected(
                                new Command.AcceptPlan(
                                        new PlanId("p-2"),
                                        fixture().blueprint(),
                                        List.of(),
                                        ALICE)))
                .isEqualTo("plan p-2: upgrade p-1 is RUNNING; one upgrade runs at a time");
    }

    @Test
    @Tag("REL-3")
    void refusesAStepThatWaitsForOneThatIsNotInThePlan() {
        Blueprint good = fixture().blueprint();
        List<Step> steps = new ArrayList<>(good.steps());
        steps.set(2, with(steps.get(2), new StepId("s3"), List.of(new StepId("s999"))));

        assertThat(refusal(with(good, steps)))
                .isEqualTo(
                        "plan p-1: step s3 waits for step s999: expected that one ahead of it in the plan, found it nowhere");
    }

    @Test
    @Tag("REL-3")
    void refusesStepsThatWaitForEachOther() {
        Blueprint good = fixture().blueprint();
        List<Step> steps = new ArrayList<>(good.steps());
        steps.set(1, with(steps.get(1), new StepId("s2"), List.of(new StepId("s3"))));

        assertThat(refusal(with(good, steps)))
                .isEqualTo(
                        "plan p-1: step s2 waits for step s3: expected that one ahead of it in the plan, found it behind it");
    }

    @Test
    @Tag("REL-3")
    void refusesTwoStepsOfOneId() {
        Blueprint good = fixture().blueprint();
        List<Step> steps = new ArrayList<>(good.steps());
        steps.set(1, with(steps.get(1), new StepId("s1"), List.of()));

        assertThat(refusal(with(good, steps)))
                .isEqualTo("plan p-1: step s1: expected every step's id once, found it twice");
    }

    @Test
    @Tag("REL-3")
    void refusesAPlanThatIsTooLargeForTheJournal() {
        assertThat(refusal(fixture().blueprint(), "x".repeat(17 << 20)))
                .startsWith(
                        "plan p-1: expected a plan of at most 50331648 bytes, found one of up to")
                .endsWith("; upgrade fewer packages at once");
    }

    @Test
    void neverTakesAPlanForSmallerThanItsEntryInTheJournal() {
        List<Fixture> plans =
                List.of(
                        fixture(),
                        Fixture.twoMasters()
                                .region("eu", 40)
                                .region("us", 25)
                                .steppingStones()
                                .target("site 25.1.0"));
        for (Fixture plan : plans) {
            Blueprint blueprint = plan.blueprint();
            List<String> warnings = List.of("wärning", "another");
            Event event = new Event.UpgradePlanned(PLAN, blueprint, warnings, ALICE, List.of());
            int written =
                    new EventCodec().encode(new Recorded(1, Instant.EPOCH, OF_A, event)).length;

            assertThat(PlanShape.bytesAtMost(blueprint, warnings))
                    .isBetween((long) written, 20L * written + 2048);
        }
        assertThat(PlanShape.MAX_BYTES).isLessThan(EventCodec.MAX_ENTRY_BYTES);
    }
}
