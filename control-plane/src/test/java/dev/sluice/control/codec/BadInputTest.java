package dev.sluice.control.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.PlanId;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Work;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.Recorded;
import dev.sluice.v1.ClusterStateSnapshot;
import dev.sluice.v1.JournalBlueprint;
import dev.sluice.v1.JournalEntry;
import dev.sluice.v1.JournalTopology;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes that no master of this release wrote, and values that none may write. */
class BadInputTest {

    private static final List<String> OPTIONAL_PARTS =
            List.of(
                    "dev.sluice.v1.ClusterStateSnapshot.office",
                    "dev.sluice.v1.ClusterStateSnapshot.signed_promotion",
                    "dev.sluice.v1.JournalEntry.ForcedPromotionUsed.signed",
                    "dev.sluice.v1.ClusterStateSnapshot.topology",
                    "dev.sluice.v1.ClusterStateSnapshot.upgrade",
                    "dev.sluice.v1.JournalPackage.soak",
                    "dev.sluice.v1.JournalUpgrade.started_at",
                    "dev.sluice.v1.JournalUpgrade.ended_at",
                    "dev.sluice.v1.JournalUpgrade.StepRecord.started_at",
                    "dev.sluice.v1.JournalUpgrade.StepRecord.ended_at");

    private final EventCodec events = new EventCodec();
    private final SnapshotCodec snapshots = new SnapshotCodec();

    /** Each golden message and how it is read. */
    static Stream<Arguments> goldens() throws InvalidProtocolBufferException {
        EventCodec events = new EventCodec();
        SnapshotCodec snapshots = new SnapshotCodec();
        Consumer<byte[]> readEntry = bytes -> events.decode(17, bytes);
        Consumer<byte[]> readSnapshot = bytes -> snapshots.decode(bytes);
        Stream.Builder<Arguments> all = Stream.builder();
        for (var golden : Goldens.events().entrySet()) {
            Message message = JournalEntry.parseFrom(events.encode(golden.getValue()));
            all.add(Arguments.of(golden.getKey(), message, readEntry));
        }
        for (var golden : Goldens.snapshots().entrySet()) {
            Message message = ClusterStateSnapshot.parseFrom(snapshots.encode(golden.getValue()));
            all.add(Arguments.of(golden.getKey(), message, readSnapshot));
        }
        return all.build();
    }

    /** Those that have every enum of the format between them. */
    static Stream<Arguments> goldensWithEnums() throws InvalidProtocolBufferException {
        Set<Object> withEnums =
                Set.of(
                        "cluster-founded",
                        "package-imported",
                        "upgrade-planned",
                        "drain-decided",
                        "snapshot-full");
        return goldens().filter(golden -> withEnums.contains(golden.get()[0]));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("goldens")
    @Tag("REL-3")
    void refusesAFieldItDoesNotKnowAtAnyDepth(String name, Message good, Consumer<byte[]> read) {
        for (Message damaged : Damage.withAnUnknownField(good)) {
            assertThatExceptionOfType(UnreadableEntryException.class)
                    .as("%s: %s", name, damaged)
                    .isThrownBy(() -> read.accept(damaged.toByteArray()))
                    .withMessageContaining("with field 12345 of ")
                    .withMessageContaining("upgrade this master");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("goldensWithEnums")
    @Tag("REL-3")
    void refusesAnEnumValueItDoesNotKnow(String name, Message good, Consumer<byte[]> read) {
        List<Message> all = Damage.withAnUnknownEnumValue(good);

        assertThat(all).isNotEmpty();
        for (Message damaged : all) {
            assertThatExceptionOfType(UnreadableEntryException.class)
                    .as("%s: %s", name, damaged)
                    .isThrownBy(() -> read.accept(damaged.toByteArray()))
                    .withMessageContaining("upgrade this master");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("goldensWithEnums")
    @Tag("REL-3")
    void refusesAnEnumValueThatIsUnspecified(String name, Message good, Consumer<byte[]> read) {
        List<Message> all = Damage.withAnUnspecifiedEnumValue(good);

        assertThat(all).isNotEmpty();
        for (Message damaged : all) {
            assertThatExceptionOfType(CorruptEntryException.class)
                    .as("%s: %s", name, damaged)
                    .isThrownBy(() -> read.accept(damaged.toByteArray()))
                    .withMessageContaining("expected a value, found none");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("goldens")
    @Tag("REL-3")
    void refusesAMessageWithoutOneOfItsParts(String name, Message good, Consumer<byte[]> read) {
        List<Message> all = Damage.withoutAPart(good, OPTIONAL_PARTS);

        assertThat(all).isNotEmpty();
        for (Message damaged : all) {
            assertThatExceptionOfType(CorruptEntryException.class)
                    .as("%s: %s", name, damaged)
                    .isThrownBy(() -> read.accept(damaged.toByteArray()))
                    .withMessageContaining("expected a value, found none");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("goldens")
    @Tag("REL-3")
    void failsOnDamagedBytesOnlyInItsOwnWords(String name, Message good, Consumer<byte[]> read) {
        Random random = new Random(name.hashCode());
        byte[] bytes = good.toByteArray();
        for (int i = 0; i < 500; i++) {
            byte[] damaged = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            for (int flips = random.nextInt(4); flips > 0 && damaged.length > 0; flips--) {
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                read.accept(damaged);
            } catch (JournalCodecException e) {
                assertThat(e).hasMessageMatching("(?s)(journal entry 17|snapshot)\\b.*");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 8, Integer.MAX_VALUE})
    @Tag("REL-3")
    void refusesANewerFormatWhateverFollowsIt(int format) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.writeUInt32(1, format);
        out.writeString(2, "no timestamp any more");
        out.flush();

        assertThatExceptionOfType(UnreadableEntryException.class)
                .isThrownBy(() -> events.decode(17, bytes.toByteArray()))
                .withMessage(
                        "journal entry 17: found format %d, but this release reads formats up to 6; "
                                        .formatted(format)
                                + "a newer release wrote it: upgrade this master, its journal is"
                                + " unchanged")
                .satisfies(e -> assertThat(e.format()).isEqualTo(format));
        assertThatExceptionOfType(UnreadableEntryException.class)
                .isThrownBy(() -> snapshots.decode(bytes.toByteArray()))
                .withMessageStartingWith("snapshot: found format " + format);
    }

    @Test
    @Tag("REL-3")
    void refusesAnEventItDoesNotKnow() throws IOException {
        JournalEntry bare = entry("step-started").toBuilder().clearEvent().build();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bare.writeTo(bytes);
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.writeMessage(900, bare);
        out.flush();

        assertThatExceptionOfType(UnreadableEntryException.class)
                .isThrownBy(() -> events.decode(17, bytes.toByteArray()))
                .withMessageContaining("journal entry 17: found format 1 with field 900")
                .withMessageContaining("formats up to 6");
    }

    @Test
    @Tag("REL-3")
    void refusesBytesWithoutAFormat() throws InvalidProtocolBufferException {
        byte[] unversioned = entry("step-started").toBuilder().clearFormat().build().toByteArray();

        assertCorrupt(new byte[0], "expected a format number first, found no bytes");
        assertCorrupt(unversioned, "expected a format number first, found the tag 18");
        assertCorrupt(new byte[] {8, 0}, "format 0 does not exist");
        assertCorrupt(new byte[] {8}, "the format number is cut off");
    }

    @Test
    @Tag("REL-3")
    void refusesANameThatIsNone() throws InvalidProtocolBufferException {
        JournalEntry.Builder entry = entry("node-set-aside").toBuilder();
        entry.getNodeSetAsideBuilder().setNodeId("../etc");

        assertCorrupt(entry.build().toByteArray(), "NodeId \"../etc\"");
    }

    @Test
    @Tag("REL-3")
    void refusesTimesOutOfBounds() throws InvalidProtocolBufferException {
        JournalEntry.Builder nanos = entry("step-started").toBuilder();
        nanos.getAtBuilder().setNanos(1_000_000_000);
        JournalEntry.Builder seconds = entry("step-started").toBuilder();
        seconds.getAtBuilder().setSeconds(Long.MAX_VALUE);
        JournalEntry.Builder negative = entry("cluster-founded").toBuilder();
        negative.getClusterFoundedBuilder().getPolicyBuilder().getSoakBuilder().setSeconds(-1);

        assertCorrupt(nanos.build().toByteArray(), "expected 0 to 999999999, found 1000000000");
        assertCorrupt(seconds.build().toByteArray(), "exceeds minimum or maximum instant");
        assertCorrupt(negative.build().toByteArray(), "duration: expected 0 or more, found -1 s");
    }

    @Test
    @Tag("REL-3")
    void refusesPositionsOutsideTheirLists() throws InvalidProtocolBufferException {
        JournalEntry good = entry("upgrade-planned");
        JournalBlueprint.Step first = good.getUpgradePlanned().getBlueprint().getSteps(0);

        assertCorruptStep(first.toBuilder().setNode(99), "node at position 99");
        assertCorruptStep(first.toBuilder().setNode(-1), "node at position 4294967295");
        assertCorruptStep(first.toBuilder().setRegion(1), "region at position 1");
        assertCorruptStep(first.toBuilder().addAfter(1), "step at position 4294967295");
        assertCorruptStep(first.toBuilder().addAfter(-99), "step at position 99");
        assertCorruptStep(
                first.toBuilder().setInstall(JournalBlueprint.Install.newBuilder().setPackage(50)),
                "package at position 50: expected one of the");
    }

    @Test
    @Tag("REL-3")
    void refusesTheSameKeyTwice() throws InvalidProtocolBufferException {
        JournalEntry.Builder entry = entry("cluster-founded").toBuilder();
        JournalTopology.TrafficNode.Builder node =
                entry.getClusterFoundedBuilder().getTopologyBuilder().getNodesBuilder(0);
        node.addInstalled(node.getInstalled(0));

        assertCorrupt(entry.build().toByteArray(), "package base is listed twice");
    }

    @Test
    @Tag("REL-3")
    void refusesToWriteAnEntryAboveTheBound() {
        Recorded huge =
                recorded(
                        new Event.StepAttemptFailed(
                                new PlanId("p"),
                                new StepId("s"),
                                1,
                                "x".repeat(EventCodec.MAX_ENTRY_BYTES)));

        assertThatExceptionOfType(EntryTooLargeException.class)
                .isThrownBy(() -> events.encode(huge))
                .withMessageStartingWith("journal entry 17 (StepAttemptFailed): ")
                .withMessageContaining("above the bound of 67108864");
    }

    @Test
    @Tag("REL-3")
    void refusesToReadAnEntryAboveTheBound() {
        byte[] huge = new byte[EventCodec.MAX_ENTRY_BYTES + 1];
        huge[0] = 8;
        huge[1] = 1;

        assertCorrupt(huge, "expected at most 67108864 bytes, found 67108865");
    }

    @Test
    @Tag("REL-3")
    void refusesToWriteAStepThatWaitsForOneThatDoesNotExist() {
        NodeId node = new NodeId("eu-1");
        Step step =
                new Step(
                        new StepId("drain"),
                        1,
                        Phase.PREPARE,
                        Examples.EU,
                        new Work.Drain(node),
                        List.of(new StepId("ghost")));
        Blueprint blueprint =
                new Blueprint(
                        Strategy.CLUSTER,
                        new TreeMap<>(),
                        List.of(),
                        new TreeMap<>(),
                        List.of(step),
                        Policy.DEFAULT,
                        false);
        Event planned =
                new Event.UpgradePlanned(
                        new PlanId("p"), blueprint, List.of(), Actor.SLUICE, List.of());

        assertThatThrownBy(() -> events.encode(recorded(planned)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("step drain waits for step ghost, which is not in its blueprint");
    }

    private static Recorded recorded(Event event) {
        return new Recorded(17, Instant.EPOCH, Examples.BALLOT, event);
    }

    private static JournalEntry entry(String golden) throws InvalidProtocolBufferException {
        for (var each : Goldens.events().entrySet()) {
            if (each.getKey().equals(golden)) {
                return JournalEntry.parseFrom(new EventCodec().encode(each.getValue()));
            }
        }
        throw new AssertionError("no golden " + golden);
    }

    private void assertCorruptStep(JournalBlueprint.Step.Builder step, String found)
            throws InvalidProtocolBufferException {
        JournalEntry.Builder entry = entry("upgrade-planned").toBuilder();
        entry.getUpgradePlannedBuilder().getBlueprintBuilder().setSteps(0, step);
        assertCorrupt(entry.build().toByteArray(), found);
    }

    private void assertCorrupt(byte[] bytes, String found) {
        assertThatExceptionOfType(CorruptEntryException.class)
                .isThrownBy(() -> events.decode(17, bytes))
                .withMessageStartingWith("journal entry 17 is corrupt: ")
                .withMessageContaining(found);
    }
}
