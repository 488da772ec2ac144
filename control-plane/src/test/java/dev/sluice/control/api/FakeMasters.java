package dev.sluice.control.api;

import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessSet;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.ForcedPromotion;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** An election that goes as the test says. */
final class FakeMasters implements Masters {

    static final StoreId JOURNAL_A = new StoreId("journal-a");
    static final StoreId JOURNAL_B = new StoreId("journal-b");
    static final NodeId EU_1 = new NodeId("eu-1");

    /** What it was asked to do, in words. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    final List<ForcedPromotion> certificates = new CopyOnWriteArrayList<>();
    volatile Standing standing;

    /** What is shown next, one after the other; then always {@link #standing}. */
    final Queue<Standing> next = new ConcurrentLinkedQueue<>();

    volatile Runnable onPromote = () -> {};
    volatile Runnable onForce = () -> {};
    volatile Optional<String> resync = Optional.empty();

    FakeMasters(Standing standing) {
        this.standing = standing;
    }

    /** Ledgers of m-a, m-b and eu-1, the witnesses of every register here. */
    static Witness witness(String node) {
        return new Witness(new NodeId(node), new StoreId("ledger-" + node));
    }

    static Register register(Ballot ballot, Replica... inSync) {
        return new Register(
                ballot,
                3,
                new TreeSet<>(List.of(inSync)),
                WitnessSet.of(4, List.of(witness("m-a"), witness("m-b"), witness("eu-1"))),
                Optional.empty());
    }

    static Register bothInSync() {
        return register(
                Scene.OF_A, new Replica(Scene.A, JOURNAL_A), new Replica(Scene.B, JOURNAL_B));
    }

    static Register onlyAInSync() {
        return register(Scene.OF_A, new Replica(Scene.A, JOURNAL_A));
    }

    static SortedMap<NodeId, StoreId> present(String... nodes) {
        SortedMap<NodeId, StoreId> present = new TreeMap<>();
        for (String node : nodes) {
            present.put(new NodeId(node), witness(node).store());
        }
        return present;
    }

    static Standing primary(Register register) {
        return standing(Kind.PRIMARY, "a quorum accepted", JOURNAL_A, register, null);
    }

    static Standing follower(Register register, @Nullable NodeId followed) {
        return standing(Kind.FOLLOWER, "a primary was heard", JOURNAL_B, register, followed);
    }

    static Standing standing(
            Kind kind,
            String words,
            StoreId store,
            @Nullable Register register,
            @Nullable NodeId followed) {
        return new Standing(
                kind,
                words,
                register,
                register == null ? null : register.ballot(),
                present("m-a", "m-b", "eu-1"),
                store,
                followed,
                null,
                new TreeMap<>());
    }

    static Standing with(Standing s, SortedMap<NodeId, StoreId> present) {
        return new Standing(
                s.kind(),
                s.words(),
                s.register(),
                s.highest(),
                present,
                s.store(),
                s.followed(),
                s.contact(),
                s.resyncs());
    }

    static Standing with(Standing s, @Nullable Contact contact) {
        return new Standing(
                s.kind(),
                s.words(),
                s.register(),
                s.highest(),
                s.present(),
                s.store(),
                s.followed(),
                contact,
                s.resyncs());
    }

    static Standing with(Standing s, NodeId master, Resync resync) {
        return new Standing(
                s.kind(),
                s.words(),
                s.register(),
                s.highest(),
                s.present(),
                s.store(),
                s.followed(),
                s.contact(),
                new TreeMap<>(Map.of(master, resync)));
    }

    @Override
    public Standing standing() {
        Standing shown = next.poll();
        return shown == null ? standing : shown;
    }

    @Override
    public void promote() {
        asked.add("promote");
        onPromote.run();
    }

    @Override
    public CompletableFuture<String> force(
            int generation, SortedSet<Witness> witnesses, ForcedPromotion certificate) {
        asked.add("force %d %s".formatted(generation, witnesses));
        certificates.add(certificate);
        onForce.run();
        return CompletableFuture.completedFuture("");
    }

    @Override
    public Optional<String> resync() {
        asked.add("resync");
        return resync;
    }
}
