package dev.sluice.loadtest.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.loadtest.testbed.Layout;
import dev.sluice.loadtest.testbed.Testbed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job on real processes: two masters, agents, sites, simulated hardware, clients. */
final class ClusterUpgradeTest {

    private static final int CLIENTS_PER_REGION = 6;

    @TempDir Path folder;

    @Test
    @Tag("CLU-1")
    @Tag("CLU-2")
    @Tag("CLU-3")
    @Tag("CLU-4")
    @Tag("CLU-5")
    @Tag("CLU-8")
    @Tag("CLU-9")
    @Tag("CLU-10")
    @Tag("CLU-15")
    @Tag("PKG-4")
    @Tag("PKG-5")
    void upgradesTwoRegionsWithoutCuttingASessionThoughThePrimaryAndAnAgentAreKilled()
            throws IOException, InterruptedException {
        DemoResult result = upgrade(2, 2, "primary@DRAIN", "agent:eu-1@INSTALL:eu-1");

        assertThat(result.problems()).isEmpty();
        assertThat(result.kills()).hasSize(2);
        assertThat(result.clients().opened()).isPositive();
        assertThat(result.clients().cut()).isZero();
        assertThat(result.clients().refused()).isZero();
        assertThat(result.clients().byVersion()).containsKeys(Testbed.OLD_SITE, Testbed.NEW_SITE);
        assertThat(result.regions().values())
                .allSatisfy(r -> assertThat(r.lowestAccepting()).isBetween(1, 1));
        assertThat(result.nodes())
                .hasSize(6)
                .allSatisfy(n -> assertThat(n.after()).isEqualTo("base 7.0.0, site 25.2.0"));
        assertThat(result.address().holders()).startsWith("m-a").endsWith("m-b");
        assertCrossesTheRegionLinkOnce(result);
    }

    @Test
    @Tag("CLU-15")
    @Tag("CLU-10")
    void endsRightThoughThePrimaryIsKilledAtThePromotionAndAgainAfterIt()
            throws IOException, InterruptedException {
        DemoResult result = upgrade(1, 2, "primary@PROMOTE", "backup@SECOND_HALF");

        assertThat(result.problems()).isEmpty();
        assertThat(result.kills()).hasSize(2);
        assertThat(result.clients().cut()).isZero();
        assertThat(result.clients().refused()).isZero();
    }

    @Test
    @Tag("CLU-7")
    @Tag("CLU-15")
    @Tag("REL-1")
    void anotherMasterTakesOverFromAPrimaryThatHangsAndItCommandsNobodyWhenItGoesOn()
            throws IOException, InterruptedException {
        DemoResult result = upgrade(1, 2, List.of("primary@CLOSE_ADMISSION"), List.of());

        assertThat(result.problems()).isEmpty();
        assertThat(result.kills())
                .singleElement()
                .asString()
                .startsWith("primary@CLOSE_ADMISSION: froze the control plane of m-a");
        assertThat(result.clients().cut()).isZero();
        assertThat(result.clients().refused()).isZero();
        assertThat(result.address().holders()).startsWith("m-a", "m-b");
    }

    /**
     * What went into the other region, the backup's depot included, is what one node received, and
     * not once per node.
     */
    private static void assertCrossesTheRegionLinkOnce(DemoResult result) {
        long once = result.nodes().getFirst().receivedBytes();
        assertThat(result.bytesByLink().get("eu -> us")).isBetween(once, once * 11 / 10);
    }

    private DemoResult upgrade(int regions, int nodesPerRegion, String... kills)
            throws IOException, InterruptedException {
        return upgrade(regions, nodesPerRegion, List.of(), List.of(kills));
    }

    private DemoResult upgrade(
            int regions, int nodesPerRegion, List<String> freezes, List<String> kills)
            throws IOException, InterruptedException {
        Layout layout = Layout.of(folder.resolve("cluster"), regions, nodesPerRegion);
        Path checkout = Path.of("..").toAbsolutePath().normalize();
        List<Kill> orders =
                Stream.concat(
                                freezes.stream().map(Kill::parseFreeze),
                                kills.stream().map(Kill::parse))
                        .toList();
        try (Testbed testbed = new Testbed(layout, checkout)) {
            return new Demo(testbed, orders, CLIENTS_PER_REGION, new Progress(false)).run();
        }
    }
}
