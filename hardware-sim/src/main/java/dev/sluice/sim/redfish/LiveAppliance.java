package dev.sluice.sim.redfish;

import dev.sluice.sim.appliance.Appliance;
import dev.sluice.sim.appliance.ApplianceEvent;
import dev.sluice.sim.appliance.ApplianceSpec;
import dev.sluice.sim.appliance.ApplianceState;
import dev.sluice.sim.appliance.Ticker;
import dev.sluice.sim.store.ApplianceStore;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An appliance that lives in real time: a timer wakes it when something changes by itself, its
 * state goes to the store before anybody is told of it, and its events go to the listener.
 */
public final class LiveAppliance implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LiveAppliance.class);
    private static final long NO_TIMER = -1;

    private final Vertx vertx;
    private final Ticker ticker;
    private final Appliance appliance;
    private final ApplianceStore store;
    private final Map<Long, Path> received = new HashMap<>();
    private BiConsumer<ApplianceEvent, Instant> listener = (_, _) -> {};
    private ApplianceState saved;
    private long timer = NO_TIMER;

    private LiveAppliance(
            Vertx vertx,
            Ticker ticker,
            Appliance appliance,
            ApplianceStore store,
            ApplianceState saved) {
        this.vertx = vertx;
        this.ticker = ticker;
        this.appliance = appliance;
        this.store = store;
        this.saved = saved;
    }

    /**
     * Restores the appliance from its directory; a new one gets the faults that it is delivered
     * with.
     */
    public static LiveAppliance open(
            Vertx vertx, ApplianceSpec spec, Path directory, Ticker ticker, InstantSource wallClock)
            throws IOException {
        ApplianceStore store = ApplianceStore.open(directory);
        Optional<ApplianceState> restored = store.load();
        ApplianceState state =
                restored.isPresent()
                        ? restored.get()
                        : ApplianceState.factory(spec, store.writeFactoryImage(spec));
        Appliance appliance = new Appliance(spec, state, ticker, wallClock);
        if (restored.isEmpty()) {
            spec.faults().forEach(appliance::inject);
            store.save(appliance.state());
        }
        LiveAppliance live = new LiveAppliance(vertx, ticker, appliance, store, appliance.state());
        live.settle();
        return live;
    }

    ApplianceSpec spec() {
        return appliance.spec();
    }

    /** Names who is told of each event with the appliance's time; it must not use the appliance. */
    void onEvent(BiConsumer<ApplianceEvent, Instant> eventListener) {
        this.listener = eventListener;
    }

    /** Lets the function use the appliance, then stores and tells what came of it. */
    <T> T use(Function<Appliance, T> function) {
        T result = function.apply(appliance);
        settle();
        return result;
    }

    ApplianceStore store() {
        return store;
    }

    /**
     * Hands over the file whose image the task writes; it becomes the slot's when the task is
     * completed.
     */
    void receive(long taskId, Path file) {
        received.put(taskId, file);
    }

    @Override
    public void close() {
        vertx.cancelTimer(timer);
    }

    private void settle() {
        OptionalLong next;
        do {
            for (ApplianceEvent event : appliance.drainEvents()) {
                tell(event);
            }
            save();
            next = appliance.nextChangeNanos();
            // Time passes meanwhile: what happened since would have neither a timer nor a listener.
        } while (appliance.hasEvents());
        arm(next);
    }

    private void tell(ApplianceEvent event) {
        if (event instanceof ApplianceEvent.ImageWritten written) {
            adopt(written);
        }
        if (event instanceof ApplianceEvent.TaskChanged changed && changed.task().isEnded()) {
            discard(changed.task().id());
        }
        save();
        log(event);
        listener.accept(event, appliance.now());
    }

    private void adopt(ApplianceEvent.ImageWritten written) {
        Path file = received.remove(written.taskId());
        if (file == null) {
            throw new IllegalStateException(
                    "task " + written.taskId() + " wrote an image that nobody received");
        }
        try {
            store.adopt(file, written.image());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void discard(long taskId) {
        Path file = received.remove(taskId);
        if (file != null) {
            store.discard(file);
        }
    }

    private void save() {
        ApplianceState now = appliance.state();
        if (now.equals(saved)) {
            return;
        }
        try {
            store.save(now);
            if (!now.firmware().equals(saved.firmware())) {
                store.deleteUnused(now.firmware());
            }
            saved = now;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void arm(OptionalLong next) {
        vertx.cancelTimer(timer);
        timer = NO_TIMER;
        if (next.isPresent()) {
            long delayMillis =
                    Math.max(1, (next.getAsLong() - ticker.nanos() + 999_999) / 1_000_000);
            timer = vertx.setTimer(delayMillis, _ -> settle());
        }
    }

    private void log(ApplianceEvent event) {
        String id = spec().id();
        switch (event) {
            case ApplianceEvent.PowerChanged(var power) ->
                    LOG.info("{}: power {}", id, power.redfishName());
            case ApplianceEvent.Booted(var slot, var image) ->
                    LOG.info(
                            "{}: runs {} {} from slot {}", id, image.name(), image.version(), slot);
            case ApplianceEvent.BootFailed(var slot) ->
                    LOG.warn("{}: slot {} did not boot", id, slot);
            case ApplianceEvent.WatchdogFired(var slot) ->
                    LOG.warn("{}: watchdog starts slot {}", id, slot);
            case ApplianceEvent.ImageWritten(_, var slot, var image) ->
                    LOG.info("{}: slot {} holds {} {}", id, slot, image.name(), image.version());
            case ApplianceEvent.TaskChanged(var task) ->
                    LOG.debug("{}: task {} {} {} %", id, task.id(), task.state(), task.percent());
            case ApplianceEvent.FaultInjected(var fault) ->
                    LOG.info("{}: fault injected: {}", id, fault);
        }
    }
}
