package dev.sluice.control.codec;

import com.google.protobuf.Timestamp;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The small values that many messages hold: times, ballots, package versions, lists of nodes. */
final class ValueMapping {

    private static final int NANOS_PER_SECOND = 1_000_000_000;

    private ValueMapping() {}

    static Timestamp encode(Instant at) {
        return Timestamp.newBuilder()
                .setSeconds(at.getEpochSecond())
                .setNanos(at.getNano())
                .build();
    }

    static Instant decode(Timestamp at) {
        JournalFormat.known(at);
        requireNanos(at.getNanos());
        return Instant.ofEpochSecond(at.getSeconds(), at.getNanos());
    }

    /**
     * The duration's message.
     *
     * @throws IllegalArgumentException when it is negative: nothing in the state is
     */
    static com.google.protobuf.Duration encode(Duration duration) {
        requireNotNegative(duration.getSeconds());
        return com.google.protobuf.Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }

    static Duration decode(com.google.protobuf.Duration duration) {
        JournalFormat.known(duration);
        requireNotNegative(duration.getSeconds());
        requireNanos(duration.getNanos());
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }

    private static void requireNotNegative(long seconds) {
        if (seconds < 0) {
            throw new IllegalArgumentException(
                    "duration: expected 0 or more, found %d s".formatted(seconds));
        }
    }

    private static void requireNanos(int nanos) {
        if (nanos < 0 || nanos >= NANOS_PER_SECOND) {
            throw new IllegalArgumentException(
                    "nanoseconds: expected 0 to 999999999, found %d".formatted(nanos));
        }
    }

    static dev.sluice.v1.Ballot encode(Ballot ballot) {
        return dev.sluice.v1.Ballot.newBuilder()
                .setGeneration(ballot.generation())
                .setCounter(ballot.counter())
                .setMasterId(ballot.master().value())
                .setIncarnation(ballot.incarnation())
                .build();
    }

    static Ballot decode(dev.sluice.v1.Ballot ballot) {
        JournalFormat.known(ballot);
        return new Ballot(
                ballot.getGeneration(),
                ballot.getCounter(),
                new NodeId(ballot.getMasterId()),
                ballot.getIncarnation());
    }

    static dev.sluice.v1.PackageRef encode(PackageRef ref) {
        return encode(ref.name(), ref.version());
    }

    private static dev.sluice.v1.PackageRef encode(PackageName name, Version version) {
        return dev.sluice.v1.PackageRef.newBuilder()
                .setName(name.value())
                .setVersion(version.toString())
                .build();
    }

    static PackageRef decode(dev.sluice.v1.PackageRef ref) {
        JournalFormat.known(ref);
        return new PackageRef(new PackageName(ref.getName()), Version.parse(ref.getVersion()));
    }

    static List<dev.sluice.v1.PackageRef> encodeRefs(Collection<PackageRef> refs) {
        return refs.stream().map(ValueMapping::encode).toList();
    }

    static List<PackageRef> decodeRefs(List<dev.sluice.v1.PackageRef> refs) {
        return refs.stream().map(ValueMapping::decode).toList();
    }

    static List<dev.sluice.v1.PackageRef> encode(SortedMap<PackageName, Version> versions) {
        return versions.entrySet().stream().map(e -> encode(e.getKey(), e.getValue())).toList();
    }

    static SortedMap<PackageName, Version> decodeVersions(List<dev.sluice.v1.PackageRef> refs) {
        SortedMap<PackageName, Version> versions = new TreeMap<>();
        for (dev.sluice.v1.PackageRef message : refs) {
            PackageRef ref = decode(message);
            putNew(versions, ref.name(), ref.version(), "package");
        }
        return versions;
    }

    static List<String> encode(Collection<NodeId> nodes) {
        return nodes.stream().map(NodeId::value).toList();
    }

    static List<NodeId> decodeNodes(List<String> nodes) {
        return nodes.stream().map(NodeId::new).toList();
    }

    /** Puts a value under a key that must be new: an encoder writes each key once. */
    static <K, V> void putNew(Map<K, V> map, K key, V value, String what) {
        if (map.put(key, value) != null) {
            throw new IllegalArgumentException("%s %s is listed twice".formatted(what, key));
        }
    }
}
