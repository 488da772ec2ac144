package dev.sluice.control.codec;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.Blueprint;
import dev.sluice.control.model.Halves;
import dev.sluice.control.model.HardwareModel;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.MasterRole;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageDescriptor;
import dev.sluice.control.model.PackageKind;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.RegionId;
import dev.sluice.control.model.Requirement;
import dev.sluice.control.model.Step;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Topology;
import dev.sluice.control.model.TrafficNode;
import dev.sluice.control.model.Version;
import dev.sluice.control.model.VersionRange;
import dev.sluice.control.model.Work;
import dev.sluice.control.model.ZoneId;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.control.state.SignedPromotion;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Any values that the state may hold, from one seed: also those that no planner would choose. */
final class RandomValues {

    private static final String ID_CHARACTERS = "abcXYZ0189._-";

    private final Random random;

    RandomValues(long seed) {
        this.random = new Random(seed);
    }

    int upTo(int bound) {
        return random.nextInt(bound + 1);
    }

    boolean chance() {
        return random.nextBoolean();
    }

    <T> T oneOf(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    <E extends Enum<E>> E oneOf(Class<E> type) {
        return oneOf(List.of(type.getEnumConstants()));
    }

    <T> List<T> some(int most, Supplier<T> each) {
        return Stream.generate(each).limit(upTo(most)).toList();
    }

    <T> Optional<T> maybe(Supplier<T> value) {
        return chance() ? Optional.of(value.get()) : Optional.empty();
    }

    String text() {
        int[] points =
                IntStream.generate(() -> chance() ? 'a' + upTo(25) : upTo(0x1_0000 + 0x400))
                        .filter(point -> !(point >= 0xd800 && point <= 0xdfff))
                        .limit(upTo(chance() ? 12 : 200))
                        .toArray();
        return new String(points, 0, points.length);
    }

    String id() {
        StringBuilder id = new StringBuilder();
        for (int i = upTo(12); i > 0; i--) {
            id.append(ID_CHARACTERS.charAt(random.nextInt(ID_CHARACTERS.length())));
        }
        return "n" + id + upTo(999);
    }

    Actor actor() {
        return new Actor(text());
    }

    Instant instant() {
        return Instant.ofEpochSecond(random.nextLong(-1L << 36, 1L << 36), upTo(999_999_999));
    }

    private Duration duration() {
        return Duration.ofSeconds(random.nextLong(1, 1L << 40), upTo(999_999_999));
    }

    NodeId node() {
        return new NodeId(id());
    }

    Ballot ballot() {
        return new Ballot(random.nextInt(), random.nextLong(), node(), random.nextLong());
    }

    private Version version() {
        String numbers = "%d.%d.%d".formatted(upTo(99), upTo(9), upTo(9));
        return Version.parse(chance() ? numbers : numbers + "-rc." + upTo(9));
    }

    PackageRef ref() {
        return new PackageRef(new PackageName(id()), version());
    }

    private SortedMap<PackageName, Version> versions() {
        SortedMap<PackageName, Version> versions = new TreeMap<>();
        some(3, this::ref).forEach(ref -> versions.put(ref.name(), ref.version()));
        return versions;
    }

    Policy policy() {
        return new Policy(
                1 + upTo(99),
                random.nextInt(Integer.MAX_VALUE),
                random.nextDouble(),
                new Policy.FailureBudget(upTo(1_000), upTo(1_000)),
                oneOf(Policy.SingleNodeRegion.class),
                new Policy.DrainPolicy(duration(), oneOf(Policy.OnDeadline.class)),
                chance() ? Duration.ZERO : duration(),
                new Policy.VerifyPolicy(chance(), oneOf(Policy.Confirm.class), maybe(this::text)));
    }

    Topology topology() {
        // Numbered, because no two nodes of a topology may have the same id.
        int masters = upTo(2);
        int nodes = upTo(12);
        return new Topology(
                text(),
                IntStream.range(0, masters).mapToObj(i -> master("m" + i)).toList(),
                IntStream.range(0, nodes).mapToObj(i -> trafficNode("t" + i)).toList());
    }

    private Master master(String id) {
        return new Master(
                new NodeId(id),
                oneOf(MasterRole.class),
                new RegionId(id()),
                new HardwareModel(id()),
                versions());
    }

    private TrafficNode trafficNode(String id) {
        return new TrafficNode(
                new NodeId(id),
                new RegionId(id()),
                chance() ? new ZoneId(id()) : null,
                new HardwareModel(id()),
                random.nextInt(Integer.MAX_VALUE),
                upTo(5_000),
                chance(),
                chance(),
                versions());
    }

    PackageRecord pkg() {
        return new PackageRecord(
                new PackageDescriptor(
                        ref(),
                        oneOf(PackageKind.class),
                        some(3, this::requirement),
                        chance() ? version() : null,
                        Set.copyOf(some(3, () -> new HardwareModel(id()))),
                        random.nextLong(Long.MAX_VALUE),
                        chance(),
                        chance(),
                        chance() ? duration() : null),
                blob(),
                blob(),
                text(),
                text());
    }

    private Requirement requirement() {
        return new Requirement(new PackageName(id()), VersionRange.parse(">=" + version()));
    }

    SignedPromotion signed() {
        return new SignedPromotion(blob(), blob(), some(3, this::blob));
    }

    private Blob blob() {
        byte[] bytes = new byte[upTo(300)];
        random.nextBytes(bytes);
        return Blob.of(bytes);
    }

    Blueprint blueprint() {
        List<NodeId> nodes = Stream.generate(this::node).limit(1 + upTo(8)).toList();
        List<RegionId> regions = List.of(new RegionId("eu"), new RegionId("us"), new RegionId("x"));
        List<StepId> ids =
                IntStream.rangeClosed(0, 5 + upTo(60)).mapToObj(i -> new StepId("s" + i)).toList();
        List<Step> steps = new ArrayList<>();
        for (StepId id : ids) {
            steps.add(
                    new Step(
                            id,
                            upTo(3),
                            oneOf(Phase.class),
                            oneOf(regions),
                            work(nodes),
                            some(5, () -> oneOf(ids))));
        }
        SortedMap<RegionId, Halves> halves = new TreeMap<>();
        some(3, () -> oneOf(regions))
                .forEach(region ->
                        halves.put(
                                region,
                                new Halves(
                                        some(4, () -> oneOf(nodes)),
                                        some(4, () -> oneOf(nodes)),
                                        some(3, () -> some(3, () -> oneOf(nodes))))));
        return new Blueprint(
                oneOf(Strategy.class),
                versions(),
                some(4, this::ref),
                halves,
                steps,
                policy(),
                chance());
    }

    private Work work(List<NodeId> nodes) {
        NodeId node = oneOf(nodes);
        List<Supplier<Work>> works =
                List.of(
                        () -> new Work.Backup(node),
                        () -> new Work.Sync(node, oneOf(nodes)),
                        () -> new Work.BreakFailover(node),
                        () -> new Work.Distribute(node, ref()),
                        () -> new Work.AwaitWindow(node),
                        () -> new Work.CloseAdmission(node),
                        () -> new Work.Drain(node),
                        () -> new Work.Install(node, ref()),
                        () -> new Work.Verify(node, versions()),
                        () -> new Work.VerifyCluster(node, oneOf(Work.Gate.class)),
                        () -> new Work.Soak(node, ref(), duration()),
                        () -> new Work.AwaitClients(node, ref()),
                        () -> new Work.Promote(node, oneOf(nodes)),
                        () -> new Work.SwitchAddress(node, oneOf(nodes)),
                        () -> new Work.OpenAdmission(node),
                        () -> new Work.Resync(node),
                        () -> new Work.RestoreFailover(node, oneOf(nodes)),
                        () -> new Work.Freeze(node),
                        () -> new Work.Unfreeze(node),
                        () -> new Work.Confirm(node),
                        () -> new Work.Finalise(node));
        return oneOf(works).get();
    }
}
