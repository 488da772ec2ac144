package dev.sluice.control.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is said of where a clock has its time from. */
final class TimeSourceTest {
    @Test
    @Tag("PRE-11")
    void chronysSourceAndOffsetAreNamed() {
        assertThat(
                        TimeSource.of(
                                Optional.of(
                                        "C0000201,192.0.2.1,3,1772366400.1,0.000012345,-0.000001,0.1,0.2\n")))
                .isEqualTo("time source: chrony, 192.0.2.1, offset 0.000012345 s");
    }

    @Test
    @Tag("PRE-11")
    void withoutChronyOrItsSourceNoneIsFound() {
        assertThat(TimeSource.of(Optional.empty())).isEqualTo("time source: none found");
        assertThat(TimeSource.of(Optional.of("506 Cannot talk to daemon")))
                .isEqualTo("time source: none found");
        assertThat(TimeSource.of(Optional.of("7F7F0101,,10,0,0,0")))
                .isEqualTo("time source: none found");
    }
}
