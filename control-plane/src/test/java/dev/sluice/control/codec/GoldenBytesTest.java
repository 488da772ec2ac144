package dev.sluice.control.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Recorded;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes that were released: what is written today, and what every release after reads. */
class GoldenBytesTest {

    private final EventCodec events = new EventCodec();
    private final SnapshotCodec snapshots = new SnapshotCodec();

    static Stream<Arguments> eventExamples() {
        return Goldens.events().entrySet().stream().map(e -> arguments(e.getKey(), e.getValue()));
    }

    static Stream<Arguments> snapshotExamples() {
        return Goldens.snapshots().entrySet().stream()
                .map(e -> arguments(e.getKey(), e.getValue()));
    }

    @ParameterizedTest
    @MethodSource("eventExamples")
    void writesEachEventAsTheReleasedBytes(String name, Recorded example) throws IOException {
        byte[] today = events.encode(example);

        assertThat(today).isEqualTo(GoldenFile.readOrCreate(name, today));
    }

    @ParameterizedTest
    @MethodSource("eventExamples")
    @Tag("CLU-15")
    void readsTheReleasedBytesOfEachEvent(String name, Recorded example) throws IOException {
        byte[] released = GoldenFile.readOrCreate(name, events.encode(example));

        assertThat(events.decode(Goldens.INDEX, released)).isEqualTo(example);
    }

    @ParameterizedTest
    @MethodSource("snapshotExamples")
    void writesEachSnapshotAsTheReleasedBytes(String name, ClusterState example)
            throws IOException {
        byte[] today = snapshots.encode(example);

        assertThat(today).isEqualTo(GoldenFile.readOrCreate(name, today));
    }

    @ParameterizedTest
    @MethodSource("snapshotExamples")
    @Tag("CLU-15")
    void readsTheReleasedBytesOfEachSnapshot(String name, ClusterState example) throws IOException {
        byte[] released = GoldenFile.readOrCreate(name, snapshots.encode(example));

        assertThat(snapshots.decode(released)).isEqualTo(example);
    }

    @Test
    void everyEventHasGoldenBytes() {
        Set<Class<?>> shown =
                Goldens.events().values().stream()
                        .map(recorded -> recorded.event().getClass())
                        .collect(Collectors.toSet());

        assertThat(EventKinds.all())
                .as("events of which dev.sluice.control.codec.Goldens has no example")
                .isSubsetOf(shown);
    }

    @Test
    void noReleasedBytesAreLeftWithoutTheirExample() {
        Set<String> examples = new HashSet<>(Goldens.events().keySet());
        examples.addAll(Goldens.snapshots().keySet());

        assertThat(GoldenFile.names()).isSubsetOf(examples);
    }
}
