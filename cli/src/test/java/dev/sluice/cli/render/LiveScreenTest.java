package dev.sluice.cli.render;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.Test;

final class LiveScreenTest {
    private final ByteArrayOutputStream drawn = new ByteArrayOutputStream();

    @Test
    void cutsWhatDoesNotFitAndSaysHowMuchIsMissing() throws IOException {
        try (LiveScreen screen = LiveScreen.on(terminal(20, 5))) {
            screen.show(IntStream.range(0, 9).mapToObj(i -> "line " + i + "x".repeat(40)).toList());
        }

        assertThat(text())
                .contains("line 0xxxxxxxxxxxxx")
                .contains("line 2")
                .doesNotContain("line 3")
                .contains("... 6 more lines")
                .doesNotContain("x".repeat(15));
    }

    @Test
    void drawsAgainInPlaceAndGivesTheCursorBack() throws IOException {
        try (LiveScreen screen = LiveScreen.on(terminal(40, 10))) {
            screen.show(List.of("1111", "same"));
            screen.show(List.of("2222", "same"));
        }

        assertThat(text()).contains("1111").contains("2222").containsOnlyOnce("same");
        assertThat(text().lastIndexOf("25l")).isNotNegative();
        assertThat(text().lastIndexOf("25h")).isGreaterThan(text().indexOf("2222"));
    }

    private Terminal terminal(int columns, int rows) throws IOException {
        return TerminalBuilder.builder()
                .system(false)
                .streams(new ByteArrayInputStream(new byte[0]), drawn)
                .type("xterm")
                .encoding(StandardCharsets.UTF_8)
                .size(Size.of(columns, rows))
                .build();
    }

    private String text() {
        return drawn.toString(StandardCharsets.UTF_8);
    }
}
