package dev.sluice.trust.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A channel's state that one reader hands on to another. */
@Tag("PKG-3")
final class RememberingSourceTest {

    @Test
    void whatWasReadIsEnoughForAnotherReader() {
        ChannelFixture channel = ChannelFixture.create();
        channel.rotate(ChannelRole.TARGETS, 1, ChannelFixture.key());
        channel.publish(2, ChannelFixture.pkg("site", "25.2.0", 2));
        channel.files.put("9.targets.json", new byte[9]);
        RememberingSource source = new RememberingSource(channel);
        ChannelOutcome first = client(channel).read(source);

        ChannelOutcome second =
                client(channel).read(new InMemorySource(source.given(), "handed on"));

        assertThat(first).isInstanceOf(ChannelOutcome.Current.class).isEqualTo(second);
        assertThat(source.given())
                .containsOnlyKeys(
                        "2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json");
        assertThat(source.description()).isEqualTo("memory");
    }

    private static ChannelClient client(ChannelFixture channel) {
        return new ChannelClient(channel.pinned, ChannelFixture.create(), () -> ChannelFixture.NOW);
    }

    @Test
    void aFileThatIsMissingIsNamed() {
        ChannelFixture channel = ChannelFixture.create();
        channel.files.remove("1.targets.json");

        assertThat(client(channel).read(new InMemorySource(channel.files, "handed on")))
                .isInstanceOfSatisfying(
                        ChannelOutcome.Refused.class,
                        refused -> {
                            assertThat(refused.reason())
                                    .isEqualTo(ChannelOutcome.Reason.UNAVAILABLE);
                            assertThat(refused.message()).contains("handed on", "1.targets.json");
                        });
    }

    @Test
    void isBounded() {
        assertThatThrownBy(() ->
                        new InMemorySource(
                                new TreeMap<>(Map.of("a", new byte[InMemorySource.MAX_BYTES + 1])),
                                "handed on"))
                .hasMessageContaining(
                        "handed on: 1 files of 2097153 bytes, at most 1003 of 2097152");
        assertThatThrownBy(() ->
                        new InMemorySource(
                                IntStream.rangeClosed(0, InMemorySource.MAX_FILES)
                                        .boxed()
                                        .collect(
                                                Collectors.toMap(
                                                        String::valueOf,
                                                        _ -> new byte[0],
                                                        (a, _) -> a,
                                                        TreeMap::new)),
                                "handed on"))
                .hasMessageContaining("1004 files");
        assertThatThrownBy(() ->
                        new InMemorySource(
                                        new TreeMap<>(Map.of("timestamp.json", new byte[11])),
                                        "handed on")
                                .fetch("timestamp.json", 10))
                .hasMessageContaining(
                        "handed on: timestamp.json has 11 bytes, at most 10 expected");
    }
}
