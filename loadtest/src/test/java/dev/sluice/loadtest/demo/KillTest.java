package dev.sluice.loadtest.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.v1.WatchEventsResponse;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KillTest {

    private static final WatchEventsResponse INSTALL_OF_EU_2 =
            WatchEventsResponse.newBuilder()
                    .setType("StepStarted")
                    .setStepId("s12")
                    .setStepKind("INSTALL")
                    .setNode("eu-2")
                    .setPhase("FIRST_HALF")
                    .build();

    @ParameterizedTest
    @ValueSource(strings = {"s12", "INSTALL", "INSTALL:eu-2", "FIRST_HALF"})
    void isTriggeredByTheStepsIdKindNodeOrPhase(String step) {
        assertThat(Kill.parse("primary@" + step).isTriggeredBy(INSTALL_OF_EU_2)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"s1", "INSTALL:eu-1", "SECOND_HALF", "DRAIN"})
    void isNotTriggeredByAnotherStep(String step) {
        assertThat(Kill.parse("backup@" + step).isTriggeredBy(INSTALL_OF_EU_2)).isFalse();
    }

    @Test
    void isNotTriggeredByTheStepsEnd() {
        var ended = INSTALL_OF_EU_2.toBuilder().setType("StepSucceeded").build();

        assertThat(Kill.parse("primary@INSTALL").isTriggeredBy(ended)).isFalse();
    }

    @ParameterizedTest
    @Tag("REL-3")
    @ValueSource(strings = {"", "primary", "primary@", "agent@s1", "agent:@s1", "everybody@s1"})
    void namesWhatWasWrongWithAnOrder(String text) {
        assertThatThrownBy(() -> Kill.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("kill \"" + text + "\": expected primary@STEP");
    }

    @Test
    void freezesMastersOnlyAndNamesAnAgentAsWrong() {
        Kill freeze = Kill.parseFreeze("primary@DRAIN");

        assertThat(freeze.isFreeze()).isTrue();
        assertThat(Kill.parse("primary@DRAIN").isFreeze()).isFalse();
        assertThatThrownBy(() -> Kill.parseFreeze("agent:eu-1@DRAIN"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected primary@STEP or backup@STEP");
    }
}
