package dev.sluice.loadtest.sim;

import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessChoice;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.ForcedPromotion;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.v1.WitnessMember;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The operator's way out when a majority of the witnesses is lost, as the page on failover has it:
 * the other masters are switched off, one master is forced, and again if that came to nothing.
 * Before that, somebody who is no operator tries the same.
 */
final class ForcedHand {

    /** The operator looks first whether it comes right by itself. */
    private static final long WAITS_NANOS = Duration.ofSeconds(30).toNanos();

    /** An election ends within seconds. */
    private static final long AGAIN_NANOS = Duration.ofSeconds(20).toNanos();

    private static final Actor ALICE = new Actor("alice");

    private final World world;
    private @Nullable String chosen;
    private boolean intruded;
    private boolean over;
    private long since;
    private long triedAt;

    ForcedHand(World world) {
        this.world = world;
    }

    /** Looks now and then whether to force. */
    void look() {
        long now = world.schedule().now();
        if (!world.areWitnessesLost() || over) {
            return;
        }
        if (world.promises().commits().generation() > 0) {
            over = true;
            return;
        }
        if (since == 0) {
            since = now;
        }
        if (now - since < WAITS_NANOS || (triedAt > 0 && now - triedAt < AGAIN_NANOS)) {
            return;
        }
        SimMaster master = master();
        if (master != null) {
            triedAt = now;
            master.life().run(() -> force(master));
        }
    }

    /** Always the same one: two that are forced apart are two primaries. */
    private @Nullable SimMaster master() {
        if (chosen == null) {
            List<String> passive =
                    world.masters().stream()
                            .filter(id -> {
                                SimMaster master = running(id);
                                return master != null
                                        && master.life().isAwake()
                                        && master.controller().state().topology() != null
                                        && !master.office().isPrimary();
                            })
                            .toList();
            if (passive.isEmpty()) {
                return null;
            }
            chosen = world.dice().pick(passive);
        }
        SimMaster master = running(chosen);
        boolean ready = master != null && master.life().isAwake() && !master.office().isPrimary();
        return ready ? master : null;
    }

    private @Nullable SimMaster running(String id) {
        MasterUnit unit = world.masterUnits().get(id);
        return unit == null ? null : unit.running();
    }

    private void force(SimMaster master) {
        for (String id : world.masters()) {
            if (!id.equals(chosen) && world.host(id).node().isPowered()) {
                world.host(id)
                        .losePower(
                                world.dice()
                                        .between(Duration.ofSeconds(40), Duration.ofMinutes(2)));
            }
        }
        SortedSet<Witness> witnesses = witnesses(master);
        if (witnesses.isEmpty()) {
            return;
        }
        int generation = generation(master);
        boolean intruder = !intruded;
        intruded = true;
        long last = lastCommitted(master);
        boolean denies = world.mutation() == Mutation.FORCE_DENIES_LOSS;
        long listed = denies ? Math.max(last, world.promises().commits().count()) : last;
        String nonce = Long.toHexString(world.dice().random().nextLong());
        dev.sluice.v1.ForcedPromotion.Builder promotion =
                dev.sluice.v1.ForcedPromotion.newBuilder()
                        .setMasterId(master.id().value())
                        .setGeneration(generation)
                        .setLastIndex(listed)
                        .setNonce(nonce);
        witnesses.forEach(w ->
                promotion.addWitnesses(
                        WitnessMember.newBuilder()
                                .setNodeId(w.node().value())
                                .setStoreId(w.store().value())));
        SignedPromotion signed =
                intruder
                        ? SimSignatures.byIntruder(promotion.build())
                        : SimSignatures.byOperator(promotion.build());
        if (!intruder) {
            world.promises().commits().signed(generation, listed, master.controller().replica());
        } else {
            world.covered("forced promotions that nobody signed");
        }
        world.trace()
                .say(
                        intruder ? "intruder" : "operator",
                        () ->
                                "forces %s, generation %d, entry %d, witnesses %s"
                                        .formatted(master.id(), generation, listed, witnesses));
        var _ =
                master.office()
                        .force(
                                generation,
                                witnesses,
                                certificate(master, generation, nonce, witnesses, listed, signed));
    }

    /**
     * The last entry that this master has heard to be committed: what comes after it in its journal
     * may stand in the place of other decisions.
     */
    private static long lastCommitted(SimMaster master) {
        long heard = master.office().contact().map(c -> c.index()).orElse(0L);
        return Math.min(heard, master.controller().state().index());
    }

    private static ForcedPromotion certificate(
            SimMaster master,
            int generation,
            String nonce,
            SortedSet<Witness> witnesses,
            long listed,
            SignedPromotion signed) {
        return new ForcedPromotion(
                generation,
                master.id(),
                nonce,
                ALICE,
                witnesses.stream().map(Witness::node).toList(),
                List.of(),
                listed,
                "decisions after entry " + listed,
                Optional.of(signed));
    }

    private SortedSet<Witness> witnesses(SimMaster master) {
        SortedMap<NodeId, StoreId> stores = new TreeMap<>();
        master.fleet()
                .present()
                .forEach((node, presence) -> {
                    boolean off = world.masters().contains(node.value());
                    if (!off || node.equals(master.id())) {
                        stores.put(node, presence.store());
                    }
                });
        return WitnessChoice.choose(world.topology(), stores, Set.of(), Set.of());
    }

    private static int generation(SimMaster master) {
        Office office = master.controller().state().office();
        Register register = master.office().standing().register().orElse(null);
        return 1
                + Stream.of(
                                master.office().standing().highest(),
                                register == null ? null : register.ballot(),
                                office == null ? null : office.ballot())
                        .filter(ballot -> ballot != null)
                        .mapToInt(Ballot::generation)
                        .max()
                        .orElse(0);
    }
}
