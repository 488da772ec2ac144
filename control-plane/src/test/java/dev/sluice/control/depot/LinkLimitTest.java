package dev.sluice.control.depot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.Recorded;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A backup's depot that fetches from the other master: m-a is in eu, m-b in us. */
@Tag("PKG-4")
final class LinkLimitTest {

    private static final NodeId A = new NodeId("m-a");
    private static final NodeId B = new NodeId("m-b");
    private static final int RATE = 1_000_000;
    private ClusterState state = ClusterState.EMPTY;
    private final LinkLimit limit = new LinkLimit(() -> state, B);

    private void happens(Event event) {
        state =
                state.apply(
                        new Recorded(
                                state.index() + 1,
                                Instant.parse("2026-03-01T10:00:00Z"),
                                new Ballot(0, 1, A, 7),
                                event));
    }

    private void founded() {
        Fixture fixture =
                Fixture.twoMasters()
                        .region("eu", 1)
                        .region("us", 1)
                        .pkg("base 7.0.0", "base >=6.1.0")
                        .target("base 7.0.0");
        happens(new Event.ClusterFounded(fixture.input().topology(), fixture.input().policy()));
        limited(Optional.of(String.valueOf(RATE)));
    }

    private void limited(Optional<String> rate) {
        happens(
                new Event.SettingChanged(
                        "distribution.regionBytesPerSecond", rate, false, new Actor("alice")));
    }

    @Test
    void overTheLinkBetweenRegionsItIsThatOfTheLink() {
        assertThat(limit.from(A)).as("before the cluster is founded").isZero();
        founded();
        assertThat(limit.from(A)).isEqualTo(RATE);
    }

    @Test
    void itIsGoneWhenTheOperatorTakesItAway() {
        founded();
        limited(Optional.empty());
        assertThat(limit.from(A)).isZero();
    }

    @Test
    void thereIsNoneWithinARegion() {
        founded();
        assertThat(new LinkLimit(() -> state, A).from(A)).isZero();
    }
}
