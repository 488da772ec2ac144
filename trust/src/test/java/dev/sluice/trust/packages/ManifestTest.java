package dev.sluice.trust.packages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ManifestTest {
    private static final String JSON =
            """
            {
              "schema" : "sluice/package/v1",
              "name" : "site",
              "kind" : "SITE",
              "version" : "25.1.0",
              "releaseCounter" : 7,
              "requires" : [ {
                "name" : "base",
                "range" : ">=7.0.0 <9.0.0"
              } ],
              "minDirectUpgradeFrom" : "24.3.0",
              "compatible" : [ "sx-100", "sx-200" ],
              "content" : {
                "size" : 158208,
                "sha256" : "70a31b2d73917f07b077cf705bb211585ed1b37beaa6051b89b6e6e69ec045f5",
                "leafSize" : 65536,
                "merkleRoot" : "d2baf2a10cb71fe4ccaabc4e846edf94ad2e58a1e3eeb7cfd61cfc5a7b7d13f7"
              },
              "rebootRequired" : false,
              "invalidatesClients" : true,
              "soak" : "PT24H",
              "eula" : "Be nice.",
              "roles" : {
                "master" : {
                  "directory" : "master"
                },
                "traffic" : {
                  "directory" : "traffic",
                  "command" : [ "bin/site", "--port", "7000" ]
                }
              }
            }\
            """;

    private static Manifest manifest() {
        return new Manifest(
                PackageFixture.draft()
                        .withRequires(
                                List.of(
                                        new Requirement(
                                                new PackageName("base"),
                                                new VersionRange(">=7.0.0 <9.0.0"))))
                        .withMinDirectUpgradeFrom(new PackageVersion("24.3.0"))
                        .withCompatible(List.of("sx-100", "sx-200"))
                        .withInvalidatesClients(true)
                        .withSoak(Duration.ofHours(24))
                        .withEula("Be nice."),
                new PackageContent(
                        158_208,
                        new Sha256(
                                "70a31b2d73917f07b077cf705bb211585ed1b37beaa6051b89b6e6e69ec045f5"),
                        65_536,
                        new Sha256(
                                "d2baf2a10cb71fe4ccaabc4e846edf94ad2e58a1e3eeb7cfd61cfc5a7b7d13f7")));
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }

    /** Released bytes: a change here is a change of the format. */
    @Test
    void isWrittenAndReadAsTheseBytes() throws Exception {
        assertThat(new String(manifest().encoded(), StandardCharsets.UTF_8)).isEqualTo(JSON);
        assertThat(Manifest.parse(bytes(JSON))).isEqualTo(manifest());
    }

    @Test
    void aBasePackageHasAnImage() throws Exception {
        ManifestDraft draft =
                ManifestDraft.of(
                        new PackageName("base"),
                        PackageKind.BASE,
                        new PackageVersion("7.0.0"),
                        1,
                        new Installation.Image(new PayloadPath("image.bin")));
        Manifest base = new Manifest(draft, manifest().content());

        assertThat(draft.rebootRequired()).isTrue();
        assertThat(Manifest.parse(base.encoded())).isEqualTo(base);
    }

    @Test
    void aDraftIsAManifestWithoutContent() throws Exception {
        String draft = JSON.replaceFirst("(?s)\"content\" : \\{.*?\\},", "");

        assertThat(ManifestDraft.parse(bytes(draft))).isEqualTo(manifest().description());
    }

    @ParameterizedTest
    @Tag("REL-3")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "package/v1      | package/v9      | manifest.json: schema: expected 'sluice/package/v1', found 'sluice/package/v9'",
                "\"schema\"      | \"scheme\"      | manifest.json: schema: expected a string, found nothing",
                "\"name\" : \"site\" | \"name\" : \"Site\" | manifest.json: name: package name 'Site' is not 1 to 63 of a-z, 0-9 and '-', beginning with a letter",
                "\"SITE\"        | \"site\"        | manifest.json: kind: 'site' is not BASE, SITE or ADDON",
                "25.1.0          | 25.1            | manifest.json: version: version '25.1' is not MAJOR.MINOR.PATCH",
                "25.1.0          | 25.1.0+b1       | manifest.json: version: version '25.1.0+b1' is not",
                "25.1.0          | v25.1.0         | manifest.json: version: version 'v25.1.0' is not",
                "25.1.0          | 024.1.0         | manifest.json: version: version '024.1.0' is not",
                "24.3.0          | 25.1.0          | manifest.json: minDirectUpgradeFrom 25.1.0 is not older than 25.1.0",
                "\"releaseCounter\" : 7 | \"releaseCounter\" : \"7\" | manifest.json: releaseCounter: expected a whole number, found string '7'",
                "\"releaseCounter\" : 7 | \"releaseCounter\" : 7.5 | manifest.json: releaseCounter: expected a whole number, found '7.5'",
                "\"releaseCounter\" : 7 | \"releaseCounter\" : 99999999999999999999 | manifest.json: releaseCounter: expected a whole number, found",
                "\"releaseCounter\" : 7 | \"releaseCounter\" : 0 | manifest.json: releaseCounter 0 is less than 1",
                "\"soak\"        | \"saok\"        | manifest.json: 'saok': unknown key; did you mean 'soak'?",
                "\"rebootRequired\" | \"rebootsRequired\" | manifest.json: 'rebootsRequired': unknown key; did you mean 'rebootRequired'?",
                "\"leafSize\"    | \"leaf_size\"   | manifest.json: content.leafSize: expected a whole number, found nothing",
                "PT24H           | 24 hours        | manifest.json: soak: '24 hours' is not an ISO-8601 duration such as PT24H",
                "PT24H           | PT-1H           | manifest.json: soak PT-1H is negative or longer than",
                ">=7.0.0 <9.0.0  | >=7.0.0 or so   | manifest.json: requires[0].range: range '>=7.0.0 or so' is not comparators",
                "\"base\"        | 7               | manifest.json: requires[0].name: expected a string, found '7'",
                "sx-200          | sx-100          | manifest.json: compatible names sx-100 twice",
                "sx-200          | SX 200          | manifest.json: hardware model 'SX 200' is not",
                "158208          | 158209          | manifest.json: content: content size 158209 is not a multiple of 512",
                "158208          | -512            | manifest.json: content: content size -512 is not",
                "65536           | 4096            | manifest.json: content: leaf size 4096 is not 65536",
                "70a31           | 70A31           | manifest.json: content.sha256: '70A31",
                "true            | 1               | manifest.json: invalidatesClients: expected true or false, found '1'",
                "true            | null            | manifest.json: invalidatesClients: expected true or false, found null",
                "\"SITE\"        | \"ADDON\"       | manifest.json: invalidatesClients: only a SITE package can, not ADDON",
                "\"SITE\"        | \"BASE\"        | manifest.json: BASE package site has roles; it should have an image",
                "\"roles\"       | \"image\"       | manifest.json: image: expected a string, found an object",
                "\"soak\" : \"PT24H\" | \"image\" : \"a\" | manifest.json: expected either image (a BASE package) or roles (any other), found both",
                "\"traffic\" : { | \"backup\" : {  | manifest.json: roles.'backup': unknown key",
                "\"directory\" : \"traffic\" | \"directory\" : \"../etc\" | manifest.json: roles.traffic.directory: path '../etc' is not a relative path",
                "bin/site        | /bin/sh         | manifest.json: roles.traffic: path '/bin/sh' is not a relative path",
                "[ \"bin/site\", \"--port\", \"7000\" ] | \"bin/site\" | manifest.json: roles.traffic.command: expected a list, found string 'bin/site'",
                "\"7000\"        | 7000            | manifest.json: roles.traffic.command[2]: expected a string, found '7000'",
                "Be nice.        | ` `             | manifest.json: eula is blank",
                "\"eula\"        | \"soak\"        | manifest.json: line 22, column",
                "\"schema\" :    | \"schema\"      | manifest.json: line 2, column",
            })
    void refusesWhatIsWrongByItsKey(String from, String to, String message) {
        String json = JSON.replace(from, to);
        assertThat(json).isNotEqualTo(JSON);

        assertThatThrownBy(() -> Manifest.parse(bytes(json)))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @Tag("REL-3")
    @ValueSource(strings = {"", "null", "[]", "7", "{", "{} {}", "\"text\"", "\u0000"})
    void refusesWhatIsNoManifestAtAll(String json) {
        assertThatThrownBy(() -> Manifest.parse(bytes(json)))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageStartingWith("manifest.json: ");
    }

    @Test
    @Tag("REL-3")
    void refusesWhatWouldExhaustTheReader() {
        assertThatThrownBy(() -> Manifest.parse(new byte[(1 << 20) + 1]))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessage("manifest.json: 1048577 bytes, at most 1048576 expected");
        assertThatThrownBy(() -> Manifest.parse(bytes("[".repeat(100_000))))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessageContaining("nesting depth");
        assertThatThrownBy(() -> Manifest.parse(bytes("{\"a\":" + "9".repeat(10_000) + "}")))
                .isInstanceOf(InvalidPackageException.class);
        assertThatThrownBy(
                        () -> Manifest.parse(bytes(JSON.replace("Be nice.", "x".repeat(300_000)))))
                .isInstanceOf(InvalidPackageException.class)
                .hasMessage("manifest.json: eula is blank or longer than 262144 characters");
    }

    @Test
    @Tag("REL-3")
    void answersDamagedJsonWithNothingButARefusal() {
        Random random = new Random(42);
        for (int i = 0; i < 2000; i++) {
            byte[] damaged = bytes(JSON);
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            try {
                assertThat(Manifest.parse(damaged).encoded()).isNotEmpty();
            } catch (InvalidPackageException e) {
                assertThat(e.reason()).startsWith("manifest.json: ");
            }
        }
    }

    @Test
    void ordersVersionsBySemanticVersioning() {
        assertThat(new PackageVersion("25.1.0")).isGreaterThan(new PackageVersion("25.1.0-rc.2"));
        assertThat(new PackageVersion("25.10.0")).isGreaterThan(new PackageVersion("25.9.9"));
    }

    @ParameterizedTest
    @CsvSource({
        ">=6.1.0, 6.1.0, true",
        ">=6.1.0, 6.0.9, false",
        ">=6.1.0 <7.0.0 || 9.0.1, 9.0.1, true",
        ">=6.1.0 <7.0.0 || 9.0.1, 8.0.0, false",
        "^6.1.0, 6.9.0, true",
        "^6.1.0, 7.0.0, false",
        "~6.1.0, 6.1.9, true",
        "~6.1.0, 6.2.0, false",
        "*, 1.0.0, true",
        "6.1.0, 6.1.1, false"
    })
    void aRangeContainsWhatItsComparatorsAllow(String range, String version, boolean contained) {
        assertThat(new VersionRange(range).contains(new PackageVersion(version)))
                .isEqualTo(contained);
    }

    @ParameterizedTest
    @Tag("REL-3")
    @ValueSource(
            strings = {
                "",
                " ",
                "garbage",
                ">=6.1",
                ">>6.1.0",
                "6.x",
                "[1.0.0,2.0.0)",
                "6.1.0 ||",
                "* 6.1.0"
            })
    void refusesARangeThatTheLibraryWouldSilentlyWiden(String range) {
        assertThatThrownBy(() -> new VersionRange(range))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("range '" + range + "' is not comparators");
    }
}
