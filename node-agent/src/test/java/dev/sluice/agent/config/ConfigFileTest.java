package dev.sluice.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigFileTest {

    private static final String GOOD =
            """
            nodeId: eu-1
            role: traffic
            region: eu
            hardwareModel: sx-100
            dataDir: data
            tls: {ca: ca.pem, certificate: node.pem, key: node.key}
            trustedSigners: [signer.pem]
            masters:
              - {id: m-a, address: 127.0.0.1:7001}
              - {id: m-b, address: "[::1]:7002"}
            listen: 127.0.0.1:0
            traffic:
              driver: sample
              controlSocket: site.sock
              address: 127.0.0.1:8001
            service:
              environment: {SITE_MODE: fast}
              stopDeadlineSeconds: 5
            hardware:
              driver: redfish
              url: https://127.0.0.1:8443
              systemId: eu-1
              ca: bmc.pem
              credentialsFile: bmc.login
            """;

    @TempDir private Path directory = Path.of("");

    private AgentConfig read(String text) throws IOException, ConfigException {
        return ConfigFile.read(Files.writeString(directory.resolve("agent.yaml"), text));
    }

    @Test
    void readsEverythingAndStartsRelativePathsAtTheFile() throws Exception {
        AgentConfig config = read(GOOD);

        assertThat(config.dataDir()).isEqualTo(directory.resolve("data"));
        assertThat(config.masters())
                .extracting(master -> master.id() + "=" + master.address())
                .containsExactly("m-a=127.0.0.1:7001", "m-b=[::1]:7002");
        assertThat(config.service().environment()).containsEntry("SITE_MODE", "fast");
        assertThat(config.service().stopDeadline()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.service().startDeadline()).isEqualTo(Duration.ofSeconds(60));
        assertThat(config.redfish()).isPresent();
        assertThat(config.sharedAddress()).isEmpty();
    }

    @Test
    @Tag("REL-3")
    void anUnknownKeyIsNamedWithItsLineAndTheNearestOne() {
        assertThatThrownBy(() -> read(GOOD.replace("controlSocket:", "controlSockt:")))
                .hasMessageContaining(
                        "agent.yaml:13: traffic.controlSocket: missing; it must be given; found controlSockt, is it meant?");
        assertThatThrownBy(() -> read(GOOD.replace("stopDeadlineSeconds", "stopDedlineSeconds")))
                .hasMessageContaining(
                        "agent.yaml:18: service.stopDedlineSeconds: unknown key; did you mean stopDeadlineSeconds?");
        assertThatThrownBy(() -> read(GOOD + "zone: a\n"))
                .hasMessageContaining("agent.yaml:25: zone: unknown key; the keys are [");
    }

    @Test
    @Tag("REL-3")
    void whatIsWrongIsNamed() {
        refuses(
                "role: traffic",
                "role: backup",
                "role: expected master or traffic, found 'backup'");
        refuses("role: traffic", "role: master", "traffic: a master has none");
        refuses("nodeId: eu-1", "nodeId: EU_1", "nodeId: expected 1 to 63 of a-z");
        refuses("id: m-b", "id: m-a", "master m-a is given twice");
        refuses(":7001", ":70010", "address: expected HOST:PORT");
        refuses(":7001", ":0", "expected a port of 1 to 65535, found 0");
        refuses("[signer.pem]", "[]", "trustedSigners: expected at least one");
        refuses("[signer.pem]", "signer.pem", "trustedSigners: expected a list");
        refuses("https:", "http:", "hardware.url: expected https://HOST:PORT");
        refuses("nodeId: eu-1", "nodeId: eu-1\nnodeId: eu-2", "nodeId");
        refuses("stopDeadlineSeconds: 5", "stopDeadlineSeconds: soon", "expected seconds from 1");
        refuses("SITE_MODE", "SITE-MODE", "'SITE-MODE' is no name of an environment variable");
        refuses("hardware:", "hardware", "not YAML");
    }

    private void refuses(String good, String bad, String message) {
        assertThatThrownBy(() -> read(GOOD.replace(good, bad)))
                .as(bad)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("agent.yaml")
                .hasMessageContaining(message);
    }

    @Test
    @Tag("REL-3")
    void aFileThatIsMissingOrEmptyIsNamed() {
        assertThatThrownBy(() -> ConfigFile.read(directory.resolve("none.yaml")))
                .hasMessageContaining("none.yaml: no such file");
        assertThatThrownBy(() -> read("")).hasMessageContaining("expected keys and values");
        assertThatThrownBy(() -> read("- a\n")).hasMessageContaining("expected keys and values");
    }
}
