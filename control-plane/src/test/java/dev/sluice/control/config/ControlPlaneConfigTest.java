package dev.sluice.control.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.recordstore.Retention;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ControlPlaneConfigTest {

    private static final String GOOD =
            """
            masterId: m-a
            dataDir: data
            listen: 127.0.0.1:7001
            tls: {ca: pki/ca.pem, certificate: /etc/cert.pem, key: key.pem}
            trustedSigners: [releases.pem]
            inventory: cluster.yaml
            masters:
              - {id: m-b, address: 127.0.0.2:7002}
            sharedAddress: 10.0.0.100:9000
            stagedPackages: staged
            interApplianceKeyFile: pair.key
            """;

    @TempDir private Path directory;

    private ControlPlaneConfig read(String text) throws IOException {
        return ControlPlaneConfig.read(
                Files.writeString(directory.resolve("control-plane.yaml"), text));
    }

    @Test
    void pathsAreRelativeToTheFile() throws IOException {
        ControlPlaneConfig config = read(GOOD);

        assertThat(config.masterId()).isEqualTo(new NodeId("m-a"));
        assertThat(config.dataDir()).isEqualTo(directory.resolve("data"));
        assertThat(config.tls().ca()).isEqualTo(directory.resolve("pki/ca.pem"));
        assertThat(config.tls().certificate()).isEqualTo(Path.of("/etc/cert.pem"));
        assertThat(config.trustedSigners()).containsExactly(directory.resolve("releases.pem"));
        assertThat(config.inventory()).isEqualTo(directory.resolve("cluster.yaml"));
        assertThat(config.listen().getPort()).isEqualTo(7001);
        assertThat(config.masters()).containsOnlyKeys(new NodeId("m-b"));
        assertThat(config.sharedAddress()).contains("10.0.0.100:9000");
        assertThat(config.stagedPackages()).contains(directory.resolve("staged"));
        assertThat(config.interApplianceKeyFile()).contains(directory.resolve("pair.key"));
    }

    @Test
    @Tag("PKG-1")
    void aChannelHasAPinnedRootAndNothingButHttps() throws IOException {
        ControlPlaneConfig.ChannelConfig channel =
                read(GOOD
                                + "channel: {root: r.json, url: 'https://a/b', ca: c.pem, proxy: 'p:3128'}\n")
                        .channel()
                        .orElseThrow();

        assertThat(channel.root()).isEqualTo(directory.resolve("r.json"));
        assertThat(channel.url()).contains(URI.create("https://a/b"));
        assertThat(channel.ca()).contains(directory.resolve("c.pem"));
        assertThat(channel.proxy().orElseThrow().getPort()).isEqualTo(3128);
        assertThat(read(GOOD).channel()).isEmpty();
        assertThatThrownBy(() -> read(GOOD + "channel: {url: 'https://a/b'}\n"))
                .hasMessageContaining("channel: expected key \"root\", found none");
        assertThatThrownBy(() -> read(GOOD + "channel: {root: r, url: 'http://a/b'}\n"))
                .hasMessageContaining("expected https://HOST/PATH");
        assertThatThrownBy(() -> read(GOOD + "channel: {root: r, url: 'https://me:secret@a/b'}\n"))
                .hasMessageContaining("one with a user")
                .hasMessageNotContaining("secret@");
        assertThatThrownBy(() -> read(GOOD + "channel: {root: r, uri: 'https://a/b'}\n"))
                .hasMessageContaining("did you mean \"url\"?");
    }

    @Test
    void aSingleMasterNeedsNeitherOthersNorASharedAddress() throws IOException {
        ControlPlaneConfig config = read(GOOD.substring(0, GOOD.indexOf("masters:")));

        assertThat(config.masters()).isEmpty();
        assertThat(config.sharedAddress()).isEmpty();
        assertThat(config.stagedPackages()).isEmpty();
        assertThat(config.interApplianceKeyFile()).isEmpty();
    }

    @Test
    @Tag("PKG-4")
    void theDepotHasNoBoundButTheDiskUnlessTheFileSaysElse() throws IOException {
        assertThat(read(GOOD).depotMaxBytes()).isEmpty();
        assertThat(read(GOOD + "depot: {maxBytes: 50000000000}\n").depotMaxBytes())
                .contains(50_000_000_000L);
        assertThatThrownBy(() -> read(GOOD + "depot: {maxBytes: 1000}\n"))
                .hasMessageContaining("depot.maxBytes: expected a whole number from 16777216");
        assertThatThrownBy(() -> read(GOOD + "depot: {maxByte: 50000000000}\n"))
                .hasMessageContaining("maxByte");
    }

    @Test
    @Tag("PAIR-3")
    void sessionRecordsAreKeptForThirtyDaysAndAQuarterOfAGibibyteUnlessTheFileSaysElse()
            throws IOException {
        assertThat(read(GOOD).sessionRecords())
                .isEqualTo(new Retention(Duration.ofDays(30), 268_435_456));
        assertThat(read(GOOD + "sessionRecords: {maxAge: P7D}\n").sessionRecords())
                .isEqualTo(new Retention(Duration.ofDays(7), 268_435_456));
        assertThat(read(GOOD + "sessionRecords: {maxBytes: 16777216}\n").sessionRecords())
                .isEqualTo(new Retention(Duration.ofDays(30), 16 << 20));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{maxAge: PT59M} | sessionRecords.maxAge: expected a duration from PT1H to PT87600H, found \"PT59M\"",
                "{maxAge: P3651D} | sessionRecords.maxAge: expected a duration from PT1H",
                "{maxBytes: 16777215} | sessionRecords.maxBytes: expected a whole number from 16777216 to 4294967296",
                "{maxByte: 16777216} | unknown key \"maxByte\"; did you mean \"maxBytes\"?",
                "P30D | sessionRecords: expected a map",
            })
    @Tag("PAIR-3")
    void badRetentionIsRefused(String bad, String message) {
        assertThatThrownBy(() -> read(GOOD + "sessionRecords: " + bad + "\n"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(":12: ")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dataDir: data | datadir: data | :2: unknown key \"datadir\"; did you mean \"dataDir\"?",
                "stagedPackages | stagedPackage | :10: unknown key \"stagedPackage\"; did you mean \"stagedPackages\"?",
                "masterId: m-a | masterId: m/a | :1: masterId: ",
                "listen: 127.0.0.1:7001 | listen: 7001 | :3: listen: expected host:port with a port from 1 to 65535, found \"7001\"",
                "listen: 127.0.0.1:7001 | listen: host:http | :3: listen: expected host:port with a port from 1 to 65535, found \"host:http\"",
                "127.0.0.1:7001 | 127.0.0.1:70010 | :3: listen: expected host:port with a port from 1 to 65535, found \"127.0.0.1:70010\"",
                "127.0.0.1:7001 | 127.0.0.1:0 | :3: listen: expected host:port with a port from 1 to 65535, found \"127.0.0.1:0\"",
                "', key: key.pem' | '' | :4: tls: expected key \"key\", found none",
                "key: key.pem | key: key.pem, keyy: x | :4: tls: unknown key \"keyy\"",
                "[releases.pem] | releases.pem | :5: trustedSigners: expected a list",
                "id: m-b | id: m-a | master id m-a is used twice",
                "127.0.0.2:7002 | m-b | masters[0].address: expected host:port with a port from 1 to 65535, found \"m-b\"",
                "10.0.0.100:9000 | 10.0.0.100 | sharedAddress: expected host:port with a port from 1 to 65535, found \"10.0.0.100\"",
                "interApplianceKeyFile: pair.key | '' | expected key \"interApplianceKeyFile\", found none",
                "masterId: m-a | '- m-a' | expected",
            })
    @Tag("REL-3")
    void aBadFileIsRefusedWithFileLineKeyExpectedAndFound(String good, String bad, String message) {
        assertThat(GOOD).contains(good);

        assertThatThrownBy(() -> read(GOOD.replace(good, bad)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("control-plane.yaml")
                .hasMessageContaining(message);
    }
}
