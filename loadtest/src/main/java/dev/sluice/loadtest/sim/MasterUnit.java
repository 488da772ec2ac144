package dev.sluice.loadtest.sim;

import dev.sluice.control.model.NodeId;
import java.util.Optional;

/** Stub. */
final class MasterUnit implements ServiceUnit {
    MasterUnit(World world, NodeId id, Machine machine) {}

    @Override
    public boolean isAlive() {
        return false;
    }

    @Override
    public void start(String version) {}

    @Override
    public void stop() {}

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
