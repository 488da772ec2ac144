package dev.sluice.loadtest.sim;

import dev.sluice.control.model.NodeId;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The control plane of a master node as its agent sees it: a process to start and to stop. */
final class MasterUnit implements ServiceUnit {

    private final World world;
    private final NodeId id;
    private final Machine machine;
    private final MasterDisks disks = new MasterDisks();
    private @Nullable Life life;
    private @Nullable SimMaster running;
    private int starts;
    private boolean damaged;
    private long undamaged;

    MasterUnit(World world, NodeId id, Machine machine) {
        this.world = world;
        this.id = id;
        this.machine = machine;
    }

    NodeId id() {
        return id;
    }

    MasterDisks disks() {
        return disks;
    }

    @Nullable Life life() {
        return life;
    }

    /** The process, while it is not over. */
    @Nullable SimMaster running() {
        Life now = life;
        return now == null || now.isOver() ? null : running;
    }

    @Override
    public boolean isAlive() {
        return life != null && !life.isOver();
    }

    @Override
    public void start(String version) {
        if (isAlive()) {
            return;
        }
        Life next = new Life("master " + id + " " + ++starts, machine, world.schedule());
        life = next;
        running = null;
        disks.restart();
        next.onEnd(() -> world.trace().say(next.name(), () -> "ends"));
        world.trace().say(next.name(), () -> "starts, version " + version);
        world.schedule()
                .after(
                        world.dice().between(50_000_000L, 500_000_000L),
                        () -> next.run(() -> begin(next, version)));
    }

    private void begin(Life next, String version) {
        try {
            SimMaster started = new SimMaster(world, id, version, next, disks, starts);
            if (damaged && started.controller().lastIndex() < undamaged) {
                throw new IOException("entries are missing since bits turned");
            }
            running = started;
            damaged = false;
            started.start();
        } catch (IOException e) {
            world.masterCannotStart(this, e);
            next.end();
        }
    }

    @Override
    public void stop() {
        Life now = life;
        if (now != null) {
            now.end();
        }
    }

    /**
     * Something is wrong with its journal. If it can't be read, an operator empties the disk; and
     * also if it comes back shorter, as rot in what was written last can't be told from a torn
     * write.
     */
    void expectDamage(long entries) {
        damaged = true;
        undamaged = entries;
    }

    boolean takeDamage() {
        boolean was = damaged;
        damaged = false;
        return was;
    }

    /** The power of its machine goes. */
    void losePower() {
        Life now = life;
        if (now != null) {
            now.silence();
        }
        disks.losePower(world.dice());
    }

    @Override
    public Optional<Status> status() {
        return Optional.empty();
    }

    @Override
    public void admit(boolean accepting) {}

    @Override
    public int cut() {
        return 0;
    }
}
