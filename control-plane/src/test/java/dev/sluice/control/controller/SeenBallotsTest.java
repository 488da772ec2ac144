package dev.sluice.control.controller;

import static dev.sluice.control.controller.TwoMasters.A;
import static dev.sluice.control.controller.TwoMasters.B;
import static dev.sluice.control.controller.TwoMasters.ballot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SeenBallotsTest {

    @TempDir private Path directory;
    private Path file;

    @BeforeEach
    void place() {
        file = directory.resolve("highest-ballot");
    }

    @Test
    void withoutAFileNoneWasSeenAndNoneIsMade() throws IOException {
        assertThat(SeenBallots.open(file).highest()).isNull();
        assertThat(file).doesNotExist();
    }

    @Test
    void theHighestIsKeptOverARestartAndALowerOneChangesNothing() throws IOException {
        SeenBallots seen = SeenBallots.open(file);
        seen.saw(ballot(3, B, 9));
        seen.saw(ballot(2, A, 7));
        seen.saw(ballot(3, B, 9));

        assertThat(seen.highest()).isEqualTo(ballot(3, B, 9));
        assertThat(SeenBallots.open(file).highest()).isEqualTo(ballot(3, B, 9));
        assertThat(directory).isDirectoryContaining("glob:**/highest-ballot");
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0 3 m-b",
                "0 3 m-b 9 1",
                "0 three m-b 9",
                "-1 3 m-b 9",
                "0 -3 m-b 9",
                "0 3 m_b/.. 9",
                "0 99999999999999999999 m-b 9",
                "\u0000\u0001\u0002"
            })
    @Tag("REL-3")
    void aDamagedFileIsRefusedWithItsNameAndLeftAsItIs(String content) throws IOException {
        Files.writeString(file, content);

        assertThatThrownBy(() -> SeenBallots.open(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("expected \"generation counter master incarnation\"")
                .hasMessageContaining("must not start");

        assertThat(file).hasContent(content);
    }

    @Test
    @Tag("REL-3")
    void bytesThatAreNoTextAndFilesWithoutEndAreRefusedInOneShortLine() throws IOException {
        Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE, 0x20, 0x0A});
        assertThatThrownBy(() -> SeenBallots.open(file)).hasMessageContaining("must not start");

        Files.write(file, "1 ".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII));
        assertThatThrownBy(() -> SeenBallots.open(file))
                .hasMessageContaining("must not start")
                .message()
                .hasSizeLessThan(400 + file.toString().length())
                .doesNotContain("\n");
    }

    @Test
    @Tag("REL-3")
    void aDirectoryInItsPlaceIsNamed() throws IOException {
        Files.createDirectory(file);

        assertThatThrownBy(() -> SeenBallots.open(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("expected a file that can be read");
    }
}
