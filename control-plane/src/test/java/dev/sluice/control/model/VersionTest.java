package dev.sluice.control.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VersionTest {

    @Test
    void missingNumbersAreZero() {
        assertThat(Version.parse("25.2")).isEqualTo(Version.parse("25.2.0")).hasToString("25.2.0");
        assertThat(Version.parse("25")).isEqualTo(Version.parse("25.0.0"));
    }

    @Test
    void versionsAreOrderedByPrecedence() {
        List<String> sorted =
                Stream.of("25.10.0", "25.9.0", "25.9.0-rc.2", "25.9.0-rc.10", "9.0.0")
                        .map(Version::parse)
                        .sorted()
                        .map(Version::toString)
                        .toList();
        assertThat(sorted)
                .containsExactly("9.0.0", "25.9.0-rc.2", "25.9.0-rc.10", "25.9.0", "25.10.0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3+build", " 1.2.3", "1..2", "x"})
    @Tag("REL-3")
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> Version.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected a semantic version");
    }

    @ParameterizedTest
    @CsvSource({
        ">=6.1.0, 6.1.0, true",
        ">=6.1.0, 6.0.9, false",
        "'>=6.1.0 <8.0.0', 7.9.9, true",
        "'>=6.1.0 <8.0.0', 8.0.0, false",
        "^7.0.0, 7.5.0, true",
        "^7.0.0, 8.0.0, false",
        "~24.1.0, 24.1.9, true",
        "~24.1.0, 24.2.0, false",
        "7.x || 8.x, 8.3.0, true",
        "7.x || 8.x, 9.0.0, false",
    })
    void aRangeContainsItsVersions(String range, String version, boolean contained) {
        assertThat(VersionRange.parse(range).contains(Version.parse(version))).isEqualTo(contained);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "about 7", ">>1.0.0", "newest"})
    @Tag("REL-3")
    void anythingElseIsNoRange(String text) {
        assertThatThrownBy(() -> VersionRange.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected a range");
    }
}
