package dev.sluice.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SiteOptionsTest {

    private static final long HEAP_BYTES = 16L << 20;
    private static final List<String> COMPLETE =
            List.of(
                    "--version",
                    "25.1.0",
                    "--node=eu-1",
                    "--listen",
                    "127.0.0.1:0",
                    "--control",
                    "/run/site/c");

    @Test
    void readsFlagsAndFallsBackToTheEnvironment() throws Exception {
        SiteOptions options =
                SiteOptions.parse(
                        COMPLETE,
                        Map.of(
                                "SLUICE_SITE_NODE",
                                "ignored",
                                "SLUICE_SITE_MAX_SESSIONS",
                                "5",
                                "PATH",
                                "/bin"),
                        HEAP_BYTES);

        assertThat(options.version()).isEqualTo("25.1.0");
        assertThat(options.node()).isEqualTo("eu-1");
        assertThat(options.listen().getPort()).isZero();
        assertThat(options.control()).isEqualTo(Path.of("/run/site/c"));
        assertThat(options.maxSessions()).isEqualTo(5);
        assertThat(options.handshake()).isEqualTo(SiteOptions.DEFAULT_HANDSHAKE);
        assertThat(options.idle()).isEqualTo(SiteOptions.DEFAULT_IDLE);
    }

    @Test
    @Tag("REL-3")
    void namesWhatIsWrongWithAFlag() {
        assertUnusable(List.of("--colour", "red"), "argument --colour: not a flag");
        assertUnusable(List.of("--version"), "flag --version: no value follows");
        assertUnusable(List.of("--version", "1", "--version", "2"), "flag --version: given twice");
        assertUnusable(
                List.of("--version", "1"), "flag --node: missing; give it or set SLUICE_SITE_NODE");
        assertUnusable(
                with("--max-sessions", "0"),
                "flag --max-sessions: expected 1 to 100000, found '0'");
        assertUnusable(
                with("--idle-seconds", "soon"),
                "flag --idle-seconds: expected 1 to 86400, found 'soon'");
        assertUnusable(
                List.of(
                        "--version",
                        "1 2",
                        "--node",
                        "n",
                        "--listen",
                        "127.0.0.1:1",
                        "--control",
                        "c"),
                "flag --version: expected 1 to 64 of");
        for (String address : List.of("127.0.0.1", ":80", "127.0.0.1:70000", "127.0.0.1:x")) {
            assertUnusable(
                    List.of("--version", "1", "--node", "n", "--listen", address, "--control", "c"),
                    "flag --listen: expected HOST:PORT with a port of 0 to 65535, found '"
                            + address
                            + "'");
        }
    }

    @Test
    @Tag("REL-3")
    void allowsNoMoreSessionsThanTheHeapCarries() throws Exception {
        assertThat(SiteOptions.parse(COMPLETE, Map.of(), HEAP_BYTES).maxSessions())
                .isEqualTo(1_536);
        assertThat(SiteOptions.parse(COMPLETE, Map.of(), 1L << 30).maxSessions())
                .isEqualTo(SiteOptions.DEFAULT_MAX_SESSIONS);
        assertUnusable(
                with("--max-sessions", "2000"),
                "flag --max-sessions: a heap of 16 MiB carries 1536 sessions, found 2000");
    }

    private static void assertUnusable(List<String> arguments, String message) {
        assertThatThrownBy(() -> SiteOptions.parse(arguments, Map.of(), HEAP_BYTES))
                .isInstanceOf(SiteOptions.Unusable.class)
                .hasMessageContaining(message);
    }

    private static List<String> with(String... more) {
        List<String> arguments = new ArrayList<>(COMPLETE);
        arguments.addAll(List.of(more));
        return arguments;
    }
}
