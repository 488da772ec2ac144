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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A backup's depot that fetches from the other master. */
@Tag("PKG-4")
final class LinkPaceTest {

    private static final NodeId A = new NodeId("m-a");
    private static final NodeId B = new NodeId("m-b");
    private static final int RATE = 1_000_000;
    private ClusterState state = ClusterState.EMPTY;
    private long nanos = 1;
    private final LinkPace pace = new LinkPace(() -> state, B, () -> nanos);

    private void happens(Event event) {
        state =
                state.apply(
                        new Recorded(
                                state.index() + 1,
                                Instant.parse("2026-03-01T10:00:00Z"),
                                new Ballot(0, 1, A, 7),
                                event));
    }

    private void founded(Fixture fixture) {
        happens(new Event.ClusterFounded(fixture.input().topology(), fixture.input().policy()));
        happens(
                new Event.SettingChanged(
                        "distribution.regionBytesPerSecond",
                        Optional.of(String.valueOf(RATE)),
                        false,
                        new Actor("alice")));
    }

    private static Fixture in(Fixture masters) {
        return masters.region("eu", 1)
                .region("us", 1)
                .pkg("base 7.0.0", "base >=6.1.0")
                .target("base 7.0.0");
    }

    @Test
    void overTheLinkBetweenRegionsItComesAtTheRateOfTheLink() {
        founded(in(Fixture.twoMasters()));
        long began = nanos;

        for (int taken = 0; taken < 10 * RATE; taken += 50_000) {
            nanos += pace.took(A, 50_000);
        }

        assertThat(nanos - began)
                .isBetween(TimeUnit.MILLISECONDS.toNanos(9_900), TimeUnit.SECONDS.toNanos(10));
    }

    @Test
    void withoutALimitItIsNotHeldBack() {
        assertThat(pace.took(A, RATE)).as("before the cluster is founded").isZero();
        founded(in(Fixture.twoMasters()));
        happens(
                new Event.SettingChanged(
                        "distribution.regionBytesPerSecond",
                        Optional.empty(),
                        false,
                        new Actor("alice")));

        assertThat(pace.took(A, RATE)).isZero();
    }

    @Test
    void withinARegionItIsNotHeldBack() {
        founded(in(Fixture.twoMasters()));

        assertThat(pace.took(A, RATE)).as("m-a is in eu, m-b in us").isPositive();
        assertThat(new LinkPace(() -> state, A, () -> nanos).took(A, RATE)).isZero();
    }
}
