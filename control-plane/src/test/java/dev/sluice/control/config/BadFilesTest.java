package dev.sluice.control.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.model.Policy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every error of a file says where it is, what was expected and what was found. */
@Tag("REL-3")
class BadFilesTest {

    private static final String CLUSTER =
            """
            apiVersion: sluice/v1
            kind: Cluster
            metadata: {name: acme}
            masters:
              - {id: m-a, role: primary, region: eu, hardware: sx-200, installed: {base: 6.2.0}}
            regions: [eu]
            nodes:
              - {id: eu-1, region: eu, hardware: sx-100, capacity: 5, connected: 0, accepting: true, healthy: true, installed: {base: 6.2.0}}
            policy:
              minAcceptingShare: 0.5
              drain: {deadline: PT2H, onDeadline: hold}
            """;

    private static final String CATALOGUE =
            """
            packages:
              - {name: base, kind: BASE, version: 7.0.0, size: 10}
              - {name: site, kind: SITE, version: 25.1.0, requires: [{name: base, range: ">=7.0.0"}], size: 10}
            """;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "capacity: 5 | capasity: 5 | c.yaml:8: nodes[0]: unknown key \"capasity\"; did you mean \"capacity\"?",
                "capacity: 5 | capacity: many | c.yaml:8: nodes[0].capacity: expected a whole number from 0 to 2147483647, found \"many\"",
                "capacity: 5 | capacity: -1 | c.yaml:8: nodes[0].capacity: expected a whole number from 0",
                "capacity: 5 | capacity: [5] | c.yaml:8: nodes[0].capacity: expected a whole number from 0 to 2147483647, found a list",
                "'capacity: 5, ' | '' | c.yaml:8: nodes[0]: expected key \"capacity\", found none",
                "id: eu-1 | id: m-a | c.yaml:8: nodes[0].id: expected each node id once, found \"m-a\" here and at c.yaml:5",
                "id: eu-1 | id: eu/1 | c.yaml:8: nodes[0].id: NodeId \"eu/1\": expected",
                "accepting: true | accepting: maybe | c.yaml:8: nodes[0].accepting: expected true or false, found \"maybe\"",
                "role: primary | role: backup | c.yaml:5: masters: expected exactly one master with role primary, found 0",
                "role: primary | role: leader | c.yaml:5: masters[0].role: expected primary or backup, found \"leader\"",
                "regions: [eu] | regions: [eu, us] | c.yaml:6: regions[1]: expected traffic nodes in region us, found none",
                "regions: [eu] | regions: [eu, eu] | c.yaml:6: regions[1]: expected each region once",
                "regions: [eu] | regions: [] | node eu-1 is in region eu, which is not declared here",
                "apiVersion: sluice/v1 | apiVersion: sluice/v9 | c.yaml:1: apiVersion: expected \"sluice/v1\", found \"sluice/v9\"",
                "base: 6.2.0} | base: six} | version \"six\": expected a semantic version",
                "minAcceptingShare: 0.5 | minAcceptingShare: 1.5 | policy.minAcceptingShare: expected a number from 0.0 to 1.0, found \"1.5\"",
                "minAcceptingShare | minAcceptingshare | did you mean \"minAcceptingShare\"?",
                "PT2H | 2 hours | c.yaml:11: policy.drain.deadline: expected a duration such as PT2H",
                "PT2H | PT0S | policy.drain.deadline: expected a duration above 0, found \"PT0S\"",
                "onDeadline: hold | onDeadline: Hold | expected hold or wait or cut, found \"Hold\"",
                "metadata: {name: acme} | metadata: acme | c.yaml:3: metadata: expected a map, found \"acme\"",
                "metadata: {name: acme} | metadata: {name: acme | expected YAML",
            })
    void anInventoryIsRefused(String good, String bad, String message) {
        String text = CLUSTER.replaceFirst(Pattern.quote(good), bad);
        assertThat(text).isNotEqualTo(CLUSTER);
        assertThatThrownBy(() -> InventoryFile.parse("c.yaml", text))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "kind: SITE | kind: Site | p.yaml:3: packages[1].kind: expected BASE or SITE or ADDON, found \"Site\"",
                "version: 25.1.0 | version: latest | p.yaml:3: packages[1].version: version \"latest\": expected",
                "'>=7.0.0' | 'about 7' | p.yaml:3: packages[1].requires[0].range: range \"about 7\": expected",
                "name: site, kind: SITE, version: 25.1.0 | name: base, kind: BASE, version: 7.0.0 | p.yaml:3: packages[1]: expected each package once, found base 7.0.0 here and at p.yaml:2",
                "name: site, kind: SITE | name: base, kind: SITE | expected kind BASE as in the other versions of base, found SITE",
                "size: 10 | sice: 10 | p.yaml:2: packages[0]: unknown key \"sice\"; did you mean \"size\"?",
                "size: 10 | size: 1.5 | expected a whole number",
                "packages: | package: | p.yaml:1: unknown key \"package\"; did you mean \"packages\"?",
            })
    void aCatalogueIsRefused(String good, String bad, String message) {
        String text = CATALOGUE.replaceFirst(Pattern.quote(good), bad);
        assertThat(text).isNotEqualTo(CATALOGUE);
        assertThatThrownBy(() -> CatalogueFile.parse("p.yaml", text))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aKeyThatStandsTwiceIsRefused() {
        String text = CLUSTER.replace("kind: Cluster", "kind: Cluster\nkind: Cluster");
        assertThatThrownBy(() -> InventoryFile.parse("c.yaml", text))
                .hasMessage("c.yaml:3: expected each key once, found \"kind\" twice");
    }

    @Test
    void theGoodFilesAreRead() {
        assertThat(InventoryFile.parse("c.yaml", CLUSTER).topology().nodes()).hasSize(1);
        assertThat(InventoryFile.parse("c.yaml", CLUSTER).policy()).isEqualTo(Policy.DEFAULT);
        assertThat(CatalogueFile.parse("p.yaml", CATALOGUE).packages()).hasSize(2);
    }

    @Test
    void aShortVersionMayLookLikeANumber() {
        String text = CATALOGUE.replace("25.1.0", "25.2");
        assertThat(CatalogueFile.parse("p.yaml", text).packages().lastKey())
                .hasToString("site 25.2.0");
    }

    @Test
    void aFileThatIsNoYamlIsRefused(@TempDir Path folder) throws Exception {
        Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff, 0, 1});
        assertThatThrownBy(() -> InventoryFile.read(binary)).hasMessageContaining("UTF-8");
        Path empty = Files.writeString(folder.resolve("empty"), "");
        assertThatThrownBy(() -> InventoryFile.read(empty)).hasMessageContaining("empty file");
        assertThatThrownBy(() -> InventoryFile.read(folder.resolve("none")))
                .hasMessageContaining("none: expected a file, found none");
        assertThatThrownBy(() -> InventoryFile.read(folder)).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> StrictYaml.parse("two.yaml", "a: 1\n---\nb: 2\n"))
                .hasMessageContaining("expected one YAML document");
    }

    @Test
    void deepNestingAndManyAliasesAreRefusedBeforeTheyHurt() {
        String deep = "[".repeat(100_000);
        assertThatThrownBy(() -> StrictYaml.parse("deep.yaml", deep))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("at most 32 levels");
        String aliases = "a: &a 1\nb: [" + "*a, ".repeat(StrictYaml.MAX_ALIASES + 1) + "*a]";
        assertThatThrownBy(() -> StrictYaml.parse("alias.yaml", aliases))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("aliases");
    }
}
