package dev.sluice.trust.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PeerNameTest {
    @Test
    void isWrittenAsAUriAndReadFromIt() {
        assertThat(PeerName.node("eu-3").uri()).isEqualTo("sluice://node/eu-3");
        assertThat(PeerName.parse("sluice://node/eu-3")).isEqualTo(PeerName.node("eu-3"));
        assertThat(PeerName.parse("sluice://master/m-a")).isEqualTo(PeerName.master("m-a"));
        assertThat(PeerName.parse("sluice://operator/0")).isEqualTo(PeerName.operator("0"));
        assertThat(PeerName.node("a".repeat(63)).id()).hasSize(63);
    }

    @ParameterizedTest
    @Tag("REL-3")
    @ValueSource(
            strings = {"", "-a", "a-", "A", "a.b", "a/b", "a b", "a\n", "\u00e4", "a%00", "../x"})
    void refusesAnIdThatIsNoLabel(String id) {
        assertThatThrownBy(() -> PeerName.node(id))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not 1 to 63 of a-z, 0-9 and '-'");
    }

    @Test
    @Tag("REL-3")
    void refusesAnIdThatIsTooLongWithoutShowingAllOfIt() {
        assertThatThrownBy(() -> PeerName.node("a".repeat(10_000)))
                .isInstanceOf(IllegalArgumentException.class)
                .satisfies(e -> assertThat(e.toString()).hasSizeLessThan(300));
    }

    @ParameterizedTest
    @Tag("REL-3")
    @ValueSource(
            strings = {
                "",
                "eu-3",
                "sluice://",
                "sluice://nodes/eu-3",
                "SLUICE://node/eu-3",
                "https://node/eu-3",
                "sluice:/node/eu-3"
            })
    void refusesAUriThatNamesNoPeer(String uri) {
        assertThatThrownBy(() -> PeerName.parse(uri))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "'" + uri + "' does not name a peer; expected sluice://node/ID");
    }
}
