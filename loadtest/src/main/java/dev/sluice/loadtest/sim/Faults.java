package dev.sluice.loadtest.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Injects faults for a while, then takes all of them back. Which kinds, and how often, differs from
 * seed to seed: a history with few kinds goes deeper into each.
 */
final class Faults {

    private static final long SECOND = 1_000_000_000L;

    private final World world;
    private final Dice dice;
    private final Losses losses;
    private final List<Fault> kinds = new ArrayList<>();
    private final SortedMap<String, Integer> counts = new TreeMap<>();
    private final Duration meanPause;
    private final long endAt;
    private boolean over;

    /**
     * @param wanted the kinds to inject; empty: chance chooses
     */
    Faults(World world, List<Fault> wanted) {
        this.world = world;
        this.dice = world.dice();
        this.losses = new Losses(world);
        double part = dice.pick(List.of(0.15, 0.4, 0.8));
        for (Fault fault : Fault.values()) {
            boolean chosen = dice.chance(part);
            if (wanted.isEmpty() ? chosen : wanted.contains(fault)) {
                for (int i = 0; i < fault.weight(); i++) {
                    kinds.add(fault);
                }
            }
        }
        this.meanPause =
                Duration.ofMillis(
                        dice.pick(
                                wanted.isEmpty()
                                        ? List.of(700, 2_000, 6_000, 15_000)
                                        : List.of(700, 1_500, 3_000)));
        this.endAt = dice.between(Duration.ofMinutes(1), Duration.ofMinutes(8));
    }

    void start() {
        world.schedule().after(dice.between(0, 30 * SECOND), this::strike);
        world.schedule().after(endAt, this::end);
    }

    boolean areOver() {
        return over;
    }

    SortedMap<String, Integer> counts() {
        return counts;
    }

    private void strike() {
        if (over) {
            return;
        }
        if (!kinds.isEmpty()) {
            Fault fault = dice.pick(kinds);
            String what = strike(fault);
            if (what != null) {
                counts.merge(fault.name(), 1, Integer::sum);
                world.trace().say("fault", () -> fault + ": " + what);
            }
        }
        world.schedule().after(dice.around(meanPause), this::strike);
    }

    /** What it was done to; null: it could not be done now. */
    private @Nullable String strike(Fault fault) {
        return switch (fault) {
            case CONNECTION_BREAKS -> world.network().breakOne(false);
            case CONNECTION_HALF_OPEN -> world.network().breakOne(true);
            case PARTITION_ONE_WAY -> partition(false);
            case PARTITION_TWO_WAY -> partition(true);
            case MACHINE_ISOLATED -> isolate();
            case PRIMARY_SPLIT -> splitPrimary();
            case MESSAGES_DELAYED -> delay();
            case AGENT_ENDS -> end(host().agentLife(), 0);
            case AGENT_ENDS_AT_A_POINT -> end(host().agentLife(), dice.between(1, 60));
            case AGENT_FROZEN -> freeze(host().agentLife(), shortly());
            case MASTER_ENDS -> end(master().life(), 0);
            case MASTER_ENDS_AT_A_POINT -> end(master().life(), dice.between(1, 200));
            case MASTER_FROZEN -> freeze(master().life(), shortly());
            case MACHINE_FROZEN -> freezeMachine();
            case POWER_LOST -> losePower();
            case SITE_ENDS -> endSite();
            case DISK_SLOW -> slowDisk();
            case JOURNAL_FULL -> fillJournal();
            case JOURNAL_FORCE_FAILS -> failForce();
            case JOURNAL_ROTS -> losses.rotJournal(master());
            case JOURNAL_LOST -> losses.loseJournal(master());
            case LEDGER_FULL -> fillLedger();
            case LEDGER_ROTS -> losses.rotLedger(host());
            case LEDGER_LOST -> losses.loseLedger(host());
            case WITNESSES_LOST -> losses.loseWitnesses();
            case INSTALL_FAILS -> failInstalls();
            case CLOCK_JUMPS -> jump();
        };
    }

    private Host host() {
        return dice.pick(List.copyOf(world.hosts().values()));
    }

    private MasterUnit master() {
        return dice.pick(List.copyOf(world.masterUnits().values()));
    }

    /** Mostly some seconds, sometimes a minute. */
    private long shortly() {
        return dice.chance(0.8)
                ? dice.between(SECOND / 10, 6 * SECOND)
                : dice.between(6 * SECOND, 60 * SECOND);
    }

    private void later(long nanos, Runnable what) {
        world.schedule().after(nanos, what);
    }

    private @Nullable String partition(boolean bothWays) {
        String from = host().node().id().value();
        String to = dice.chance(0.6) ? master().id().value() : host().node().id().value();
        if (from.equals(to)) {
            return null;
        }
        long time = shortly();
        world.network().cut(from, to);
        later(time, () -> world.network().heal(from, to));
        if (bothWays) {
            world.network().cut(to, from);
            later(time, () -> world.network().heal(to, from));
        }
        return "%s to %s for %d ms".formatted(from, to, time / 1_000_000);
    }

    private String isolate() {
        String one = dice.chance(0.5) ? master().id().value() : host().node().id().value();
        long time = shortly();
        for (String other : world.hosts().keySet()) {
            if (!other.equals(one)) {
                cutBothWays(one, other, time);
            }
        }
        return "%s for %d ms".formatted(one, time / 1_000_000);
    }

    /** Cuts a master that commands off from most of the others, and leaves it some. */
    private @Nullable String splitPrimary() {
        for (MasterUnit unit : world.masterUnits().values()) {
            SimMaster master = unit.running();
            if (master != null && master.controller().ballot() != null) {
                String one = unit.id().value();
                long time = dice.between(2 * SECOND, 30 * SECOND);
                for (Host other : world.hosts().values()) {
                    String name = other.node().id().value();
                    boolean cut = other.node().isMaster() || dice.chance(0.7);
                    if (!name.equals(one) && cut) {
                        cutBothWays(one, name, time);
                    }
                }
                return "%s for %d ms".formatted(one, time / 1_000_000);
            }
        }
        return null;
    }

    private void cutBothWays(String one, String other, long time) {
        world.network().cut(one, other);
        world.network().cut(other, one);
        later(time, () -> world.network().heal(one, other));
        later(time, () -> world.network().heal(other, one));
    }

    private String slowDisk() {
        MasterUnit master = master();
        long each = dice.between(SECOND / 100, SECOND / 2);
        long time = shortly() * 2;
        master.disks().slow(each);
        later(time, () -> master.disks().slow(0));
        return "%s takes %d ms for %d ms"
                .formatted(master.id(), each / 1_000_000, time / 1_000_000);
    }

    private String delay() {
        double part = dice.pick(List.of(0.02, 0.2, 0.5));
        long time = shortly() * 3;
        world.network().spikes(part);
        later(time, () -> world.network().spikes(0));
        return "%.0f %% of them for %d ms".formatted(part * 100, time / 1_000_000);
    }

    private @Nullable String end(@Nullable Life life, long point) {
        if (life == null || life.isOver()) {
            return null;
        }
        if (point == 0) {
            life.end();
        } else {
            life.endAtPoint(point);
        }
        return point == 0 ? life.name() : "%s in %d".formatted(life, point);
    }

    private @Nullable String freeze(@Nullable Life life, long time) {
        if (life == null || !life.isAwake()) {
            return null;
        }
        life.freeze();
        later(time, life::thaw);
        return "%s for %d ms".formatted(life, time / 1_000_000);
    }

    private @Nullable String freezeMachine() {
        Host host = host();
        long time = shortly();
        String frozen = freeze(host.agentLife(), time);
        if (host.node().service() instanceof MasterUnit master) {
            freeze(master.life(), time);
        }
        return frozen;
    }

    private @Nullable String losePower() {
        Host host = host();
        if (!host.node().isPowered()) {
            return null;
        }
        long time = shortly() + SECOND;
        host.losePower(time);
        return "%s for %d ms".formatted(host.node().id(), time / 1_000_000);
    }

    private @Nullable String endSite() {
        Host host = host();
        if (host.node().isMaster() || !host.node().service().isAlive()) {
            return null;
        }
        host.node().service().stop();
        return host.node().id().value();
    }

    private String fillJournal() {
        MasterUnit master = master();
        master.disks().fill(dice.between(0, 20_000));
        later(shortly(), () -> master.disks().fill(Long.MAX_VALUE));
        return master.id().value();
    }

    private String failForce() {
        MasterUnit master = master();
        master.disks().forceFails(true);
        later(shortly(), () -> master.disks().forceFails(false));
        return master.id().value();
    }

    private String fillLedger() {
        Host host = host();
        host.node().ledger().failing(true);
        later(shortly(), () -> host.node().ledger().failing(false));
        return host.node().id().value();
    }

    private String failInstalls() {
        Host host = host();
        host.node().failInstalls(1 + dice.below(2));
        return host.node().id().value();
    }

    private String jump() {
        Host host = host();
        long by = dice.between(-7_200 * SECOND, 7_200 * SECOND);
        host.node().machine().jump(by);
        return "%s by %d s".formatted(host.node().id(), by / SECOND);
    }

    /** Everything is well from here on, if the cluster makes it so. */
    private void end() {
        over = true;
        world.trace().say("fault", () -> "no more");
        world.network().healAll();
        world.network().spikes(0);
        for (MasterUnit master : world.masterUnits().values()) {
            master.disks().fill(Long.MAX_VALUE);
            master.disks().forceFails(false);
            master.disks().slow(0);
            recover(master.life());
        }
        for (Host host : world.hosts().values()) {
            host.node().ledger().failing(false);
            host.node().failInstalls(0);
            recover(host.agentLife());
            host.restorePower();
        }
    }

    private static void recover(@Nullable Life life) {
        if (life != null && !life.isOver()) {
            life.endAtPoint(Long.MAX_VALUE);
            life.thaw();
        }
    }
}
