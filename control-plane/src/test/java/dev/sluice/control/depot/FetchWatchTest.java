package dev.sluice.control.depot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.SourceId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("PKG-4")
final class FetchWatchTest {

    private long nanos;
    private final FetchWatch watch = new FetchWatch(() -> nanos);

    private void pass(long seconds) {
        nanos += Duration.ofSeconds(seconds).toNanos();
    }

    private boolean isHopeless() {
        return watch.isHopeless(FetchPatience.standard());
    }

    private void served(boolean isServed) {
        watch.changed(
                isServed
                        ? new ContentPull.Status(
                                List.of(Optional.of(new SourceId("m-a", "m-a:7401"))),
                                new TreeMap<>())
                        : ContentPull.Status.NONE);
    }

    @Test
    void thereIsTimeToFindASource() {
        pass(10);
        assertThat(isHopeless()).isFalse();
        pass(1);
        assertThat(isHopeless()).isTrue();
    }

    @Test
    void aSourceThatGivesNothingRightIsWaitedForLonger() {
        served(true);
        pass(120);
        assertThat(isHopeless()).isFalse();
        pass(1);
        assertThat(isHopeless()).isTrue();
    }

    @Test
    void whatIsVerifiedGivesTimeAnew() {
        served(true);
        pass(100);
        watch.verified(65_536);
        pass(100);
        assertThat(isHopeless()).isFalse();
        pass(21);
        assertThat(isHopeless()).isTrue();
    }

    @Test
    void theTimeWithoutASourceCountsFromItsLoss() {
        served(true);
        pass(60);
        served(false);
        pass(10);
        assertThat(isHopeless()).isFalse();
        served(true);
        pass(11);
        assertThat(isHopeless()).as("another one came in time").isFalse();
        served(false);
        pass(11);
        assertThat(isHopeless()).isTrue();
    }

    @Test
    void whatIsOfUseForAWhileEndsThoughItComes() {
        FetchPatience brief = FetchPatience.standard().atMost(Duration.ofMinutes(2));
        served(true);
        pass(100);
        watch.verified(65_536);
        pass(20);
        assertThat(watch.isHopeless(brief)).isFalse();
        pass(1);
        assertThat(watch.isHopeless(brief)).isTrue();
        assertThat(isHopeless()).isFalse();
    }

    @Test
    void saysWhoGaveHowMuch() {
        assertThat(watch.amounts("master")).isEqualTo("all of it was here");
        watch.received("m-a").accept(1000);
        watch.received("m-a").accept(24);
        watch.received("m-c").accept(20);
        var _ = watch.received("m-d");

        assertThat(watch.amounts("master"))
                .isEqualTo("1024 bytes from master m-a, 20 bytes from master m-c");
    }
}
