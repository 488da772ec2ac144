package dev.sluice.control.drain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.drain.DrainRule.Verdict;
import dev.sluice.control.model.Policy.DrainPolicy;
import dev.sluice.control.model.Policy.OnDeadline;
import dev.sluice.control.state.DrainDecision;
import dev.sluice.control.state.StepRecord;
import dev.sluice.control.state.StepStatus;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DrainRuleTest {

    private static Verdict decide(
            int clients,
            int waitedSeconds,
            OnDeadline onDeadline,
            int held,
            @Nullable DrainDecision decision) {
        return DrainRule.decide(
                clients,
                Duration.ofSeconds(waitedSeconds),
                new DrainPolicy(Duration.ofSeconds(60), onDeadline),
                new StepRecord(
                        StepStatus.RUNNING, 1, 0, Instant.EPOCH, null, null, held, decision, null));
    }

    @ParameterizedTest
    @EnumSource(OnDeadline.class)
    @Tag("CLU-3")
    void aNodeWithoutClientsIsDrainedWhateverThePolicy(OnDeadline onDeadline) {
        assertThat(decide(0, 0, onDeadline, 0, null)).isEqualTo(new Verdict.Drained());
        assertThat(decide(0, 99, onDeadline, 4, null)).isEqualTo(new Verdict.Drained());
    }

    @ParameterizedTest
    @EnumSource(OnDeadline.class)
    @Tag("CLU-3")
    void clientsHaveUntilTheDeadlineWhateverThePolicy(OnDeadline onDeadline) {
        assertThat(decide(4, 59, onDeadline, 0, null))
                .isEqualTo(new Verdict.Waiting(4, Duration.ofSeconds(1)));
    }

    @Test
    @Tag("CLU-3")
    void thePolicyDecidesAtTheDeadline() {
        assertThat(decide(4, 60, OnDeadline.HOLD, 0, null)).isEqualTo(new Verdict.Hold(4));
        assertThat(decide(4, 60, OnDeadline.HOLD, 5, null)).isEqualTo(new Verdict.Held(4));
        assertThat(decide(4, 60, OnDeadline.CUT, 0, null)).isEqualTo(new Verdict.Cut(4));
        assertThat(decide(4, 60, OnDeadline.WAIT, 0, null))
                .isEqualTo(new Verdict.Waiting(4, Duration.ZERO));
    }

    @Test
    @Tag("CLU-3")
    void anOperatorsDecisionGoesFirst() {
        assertThat(decide(4, 0, OnDeadline.WAIT, 0, DrainDecision.CUT))
                .isEqualTo(new Verdict.Cut(4));
        assertThat(decide(4, 0, OnDeadline.HOLD, 0, DrainDecision.EXTEND))
                .isEqualTo(new Verdict.Waiting(4, Duration.ofSeconds(60)));
        assertThat(decide(4, 60, OnDeadline.HOLD, 0, DrainDecision.EXTEND))
                .isEqualTo(new Verdict.Hold(4));
    }

    @Test
    @Tag("CLU-15")
    void aHeldDrainStaysHeldWhenTheWaitingTimeIsForgotten() {
        assertThat(decide(4, 0, OnDeadline.HOLD, 4, null)).isEqualTo(new Verdict.Held(4));
    }
}
