package dev.sluice.cli.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.cli.connect.ClusterAccess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ContextsTest {
    private static final Contexts.Flags NONE = new Contexts.Flags(null, null, null, null, null);
    private static final String TWO =
            """
            contexts:
              - name: acme
                addresses: [10.0.0.10:7443, "[fd00::10]:7443"]
                tls: {ca: ca.pem, certificate: c.pem, key: k.pem}
              - name: lab
                addresses: [lab:1]
                tls: {ca: /etc/ca.pem, certificate: c.pem, key: k.pem}
            """;

    @TempDir Path folder;

    @Test
    void readsPathsFromTheFilesFolderAndAddressesInOrder() throws IOException {
        ClusterAccess access = contexts(TWO).named("acme");

        assertThat(access.ca()).isEqualTo(folder.resolve("ca.pem"));
        assertThat(access.addresses())
                .extracting(Object::toString)
                .containsExactly("10.0.0.10:7443", "[fd00::10]:7443");
        assertThat(contexts(TWO).named("lab").ca()).isEqualTo(Path.of("/etc/ca.pem"));
    }

    @Test
    void theChosenContextIsRememberedWithoutTouchingTheFile() throws IOException {
        Contexts contexts = contexts(TWO);
        assertThat(contexts.current()).isEmpty();

        contexts.use("lab");

        assertThat(contexts.current()).contains("lab");
        assertThat(contexts.resolve(NONE).name()).isEqualTo("lab");
        assertThat(folder.resolve("contexts.yaml")).hasContent(TWO);
    }

    @Test
    void flagsGoBeforeTheEnvironmentBeforeTheContext() throws IOException {
        Files.writeString(folder.resolve("contexts.yaml"), TWO);
        Contexts contexts =
                new Contexts(
                        Map.of(
                                "SLUICE_CONFIG", folder.resolve("contexts.yaml").toString(),
                                "SLUICE_CONTEXT", "acme",
                                "SLUICE_ADDRESS", "env:2",
                                "SLUICE_CA", "/env/ca.pem"));

        ClusterAccess access =
                contexts.resolve(new Contexts.Flags(null, "flag:3", null, null, Path.of("/f/key")));

        assertThat(access.addresses()).extracting(Object::toString).containsExactly("flag:3");
        assertThat(access.ca()).isEqualTo(Path.of("/env/ca.pem"));
        assertThat(access.certificate()).isEqualTo(folder.resolve("c.pem"));
        assertThat(access.key()).isEqualTo(Path.of("/f/key"));
    }

    @Test
    @Tag("REL-3")
    void withoutAContextTheMessageSaysWhatToDo() {
        Contexts contexts =
                new Contexts(Map.of("SLUICE_CONFIG", folder.resolve("none.yaml").toString()));

        assertThatThrownBy(() -> contexts.resolve(NONE))
                .hasMessageContaining("no cluster is chosen")
                .hasMessageContaining("--address");
    }

    @ParameterizedTest
    @Tag("REL-3")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    name: acme           | nane: acme             | :2: a context: unknown key 'nane', did you mean 'name'?
                    addresses: [a:1]     | addresses: [a]         | :3: address 'a': expected host:port
                    addresses: [a:1]     | addresses: [a:70000]   | :3: address 'a:70000': expected
                    addresses: [a:1]     | addresses: []          | expected at least one address
                    addresses: [a:1]     | addresses: a           | :3: addresses: expected a list
                    key: k.pem           | kee: k.pem             | :4: tls: unknown key 'kee', did you mean 'key'?
                    certificate: c.pem,  | ''                     | :4: tls: the key 'certificate' is missing
                    contexts:            | contexts: {            | is not YAML
                    name: acme           | name: [acme]           | expected a text
                    """)
    void namesTheLineAndTheKeyThatIsWrong(String right, String wrong, String message)
            throws IOException {
        String good =
                """
                contexts:
                  - name: acme
                    addresses: [a:1]
                    tls: {ca: ca.pem, certificate: c.pem, key: k.pem}
                """;
        assertThat(contexts(good).all()).hasSize(1);

        Contexts bad = contexts(good.replace(right, wrong));

        assertThatThrownBy(bad::all)
                .hasMessageContaining("contexts.yaml")
                .hasMessageContaining(message);
    }

    @Test
    @Tag("REL-3")
    void aNameThatIsThereTwiceIsRefused() throws IOException {
        Contexts contexts = contexts(TWO.replace("lab\n", "acme\n"));

        assertThatThrownBy(contexts::all).hasMessageContaining("context 'acme' is there twice");
    }

    private Contexts contexts(String yaml) throws IOException {
        Path file = Files.writeString(folder.resolve("contexts.yaml"), yaml);
        return new Contexts(Map.of("SLUICE_CONFIG", file.toString()));
    }
}
