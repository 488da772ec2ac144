package dev.sluice.loadtest.distribute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class LowerBoundTest {

    private static final long BYTES = 239_101_718; // Ten seconds at 200 Mbit/s of frames.

    private static Scenario scenario(List<Integer> regions, int nodeMbit, int regionMbit) {
        return new Scenario("t", regions, nodeMbit, regionMbit, BYTES, Optional.empty(), false, 1);
    }

    @Test
    void isTheTimeOfOneLinkWhenEveryNodeSendsAsFastAsItReceives() {
        assertThat(LowerBound.seconds(scenario(List.of(17), 200, 0))).isCloseTo(10, within(1e-6));
        assertThat(LowerBound.seconds(scenario(List.of(2), 200, 0))).isCloseTo(10, within(1e-6));
    }

    @Test
    void isTheTimeOfTheRegionsLinkWhenThatIsTheNarrowest() {
        assertThat(LowerBound.seconds(scenario(List.of(5, 4, 4), 200, 50)))
                .isCloseTo(40, within(1e-6));
    }

    @Test
    void isNotMadeSmallerByALinkThatIsWider() {
        assertThat(LowerBound.seconds(scenario(List.of(5, 4, 4), 200, 1000)))
                .isCloseTo(10, within(1e-6));
    }
}
