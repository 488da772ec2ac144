package dev.sluice.loadtest.sim;

import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.Witness;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Durable memories that are lost, as many at a time as the cluster promises to survive: a journal
 * while another master in sync has everything, a ledger while all the other witnesses have theirs.
 */
final class Losses {

    private final World world;

    Losses(World world) {
        this.world = world;
    }

    /** The primary with the highest ballot, and what a quorum has accepted of it. */
    private record Reigning(SimMaster master, Register register) {}

    private Optional<Reigning> reigning() {
        Reigning highest = null;
        for (MasterUnit unit : world.masterUnits().values()) {
            SimMaster master = unit.running();
            Optional<Register> register =
                    master == null ? Optional.empty() : master.office().register();
            if (master != null
                    && register.isPresent()
                    && (highest == null || register.get().compareTo(highest.register()) > 0)) {
                highest = new Reigning(master, register.get());
            }
        }
        return Optional.ofNullable(highest).filter(r -> r.master().isWritten());
    }

    /** Whether every entry that was committed is also on another master's disk that counts. */
    private boolean isSpare(MasterUnit unit) {
        Optional<Reigning> reigning = reigning();
        if (reigning.isEmpty() || isForceAwaited()) {
            return false;
        }
        // A candidate that got promises may be writing a register of its own.
        for (MasterUnit one : world.masterUnits().values()) {
            SimMaster master = one.running();
            if (master == null || master.isCandidate()) {
                return false;
            }
        }
        SimMaster primary = reigning.get().master();
        if (!primary.id().equals(unit.id())) {
            return primary.life().isAwake();
        }
        for (Replica replica : reigning.get().register().inSync()) {
            if (!replica.master().equals(unit.id())) {
                MasterUnit other = world.masterUnits().get(replica.master().value());
                SimMaster running = other == null ? null : other.running();
                if (running != null && running.controller().replica().equals(replica)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The forced master's memory is the only one that counts until it commands. */
    private boolean isForceAwaited() {
        return world.areWitnessesLost() && world.promises().commits().generation() == 0;
    }

    @Nullable String loseJournal(MasterUnit unit) {
        if (!isSpare(unit)) {
            return null;
        }
        unit.stop();
        unit.disks().lose();
        return unit.id().value();
    }

    /** If it is found when the process starts, the operator empties the disk. */
    @Nullable String rotJournal(MasterUnit unit) {
        if (!isSpare(unit)) {
            return null;
        }
        SimMaster running = unit.running();
        long entries = running == null ? 0 : running.controller().durablePosition().index();
        unit.stop();
        List<String> rotten = unit.disks().rot(world.dice());
        unit.expectDamage(entries);
        return rotten.isEmpty() ? null : unit.id() + "/" + rotten;
    }

    private boolean areOthersPresent(Host host) {
        Optional<Reigning> reigning = reigning();
        if (reigning.isEmpty()
                || isForceAwaited()
                || reigning.get().register().leaving().isPresent()) {
            return false;
        }
        Register register = reigning.get().register();
        if (register.witnesses().members().size() < 3) {
            return false;
        }
        for (Witness witness : register.everyone()) {
            SimAgent agent = world.host(witness.node().value()).agent();
            boolean is = agent != null && agent.ledger().storeId().equals(witness.store().value());
            if (!is && !witness.node().equals(host.node().id())) {
                return false;
            }
        }
        return true;
    }

    @Nullable String loseLedger(Host host) {
        if (!areOthersPresent(host)) {
            return null;
        }
        world.promises().ledgerLost(host.node());
        host.stopAgent();
        host.node().ledger().lose();
        return host.node().id().value();
    }

    @Nullable String rotLedger(Host host) {
        if (!areOthersPresent(host)) {
            return null;
        }
        host.stopAgent();
        host.node().ledger().rot(world.dice());
        return host.node().id().value();
    }

    /**
     * A majority of the witnesses at once, once in a history: only a forced promotion helps. The
     * masters' journals stay, and nothing else may be under way that counts on a witness.
     */
    @Nullable String loseWitnesses() {
        Optional<Reigning> reigning = reigning();
        if (world.areWitnessesLost()
                || world.masters().size() < 2
                || reigning.isEmpty()
                || reigning.get().register().leaving().isPresent()) {
            return null;
        }
        List<Witness> members = List.copyOf(reigning.get().register().witnesses().members());
        if (members.size() < 3) {
            return null;
        }
        List<Witness> lost = members.subList(0, members.size() / 2 + 1);
        for (Witness witness : lost) {
            Host host = world.host(witness.node().value());
            world.promises().ledgerLost(host.node());
            host.stopAgent();
            host.node().ledger().lose();
        }
        world.witnessesAreLost();
        return lost.toString();
    }
}
