package dev.sluice.sim.appliance;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The update that runs and those that ended, the oldest of which are forgotten. */
final class UpdateLog {

    /**
     * Ended tasks that are kept: enough for a client that polls, bounded for a client that updates
     * in a loop.
     */
    static final int MAX_TASKS = 32;

    private final Map<Long, UpdateTask> tasks = new LinkedHashMap<>();
    private long lastId;

    long nextId() {
        return ++lastId;
    }

    void put(UpdateTask task) {
        tasks.put(task.id(), task);
        List<Long> ended = new ArrayList<>();
        for (UpdateTask each : tasks.values()) {
            if (each.isEnded()) {
                ended.add(each.id());
            }
        }
        for (Long id : ended.subList(0, Math.max(0, ended.size() - MAX_TASKS))) {
            tasks.remove(id);
        }
    }

    Optional<UpdateTask> find(long id) {
        return Optional.ofNullable(tasks.get(id));
    }

    Optional<UpdateTask> underWay() {
        return tasks.values().stream().filter(task -> !task.isEnded()).findFirst();
    }

    Collection<UpdateTask> all() {
        return List.copyOf(tasks.values());
    }
}
