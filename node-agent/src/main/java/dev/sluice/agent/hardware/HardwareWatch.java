package dev.sluice.agent.hardware;

import java.io.IOException;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the hardware now and then, so that a report never waits for a management controller. */
public final class HardwareWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HardwareWatch.class);

    private final Hardware hardware;
    private final Duration interval;
    private final Runnable changed;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("hardware").factory());
    private final CountDownLatch firstLook = new CountDownLatch(1);
    private volatile View view;

    /**
     * What was observed last.
     *
     * @param base what runs of base packages; the last known while the hardware does not answer
     */
    public record View(
            Power.State power,
            SortedMap<String, String> base,
            long clockOffsetMillis,
            Sensors.Reading sensors) {}

    /**
     * @param model what is reported until the hardware says otherwise
     * @param changed called when power, base or fault have changed
     */
    public HardwareWatch(Hardware hardware, String model, Duration interval, Runnable changed) {
        this.hardware = hardware;
        this.interval = interval;
        this.changed = changed;
        this.view =
                new View(
                        Power.State.UNKNOWN,
                        new TreeMap<>(),
                        0,
                        new Sensors.Reading(0, model, "not looked at yet"));
    }

    public void start() {
        var _ =
                thread.scheduleWithFixedDelay(
                        this::look, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Waits for the first look, so that the first report is not an empty one; at most that long.
     */
    public void awaitFirstLook(Duration most) {
        try {
            boolean _ = firstLook.await(most.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    public View view() {
        return view;
    }

    @Override
    public void close() {
        thread.shutdownNow();
        thread.close();
    }

    private void look() {
        View before = view;
        View next;
        try {
            next =
                    new View(
                            hardware.power().state(),
                            hardware.firmware().active(),
                            hardware.clock().offsetMillis(),
                            hardware.sensors().read());
        } catch (IOException e) {
            String fault = String.valueOf(e.getMessage());
            if (!fault.equals(before.sensors().fault())) {
                LOG.warn("{}", fault);
            }
            next =
                    new View(
                            Power.State.UNKNOWN,
                            before.base(),
                            0,
                            new Sensors.Reading(0, before.sensors().model(), fault));
        } catch (RuntimeException e) {
            LOG.error("hardware: a defect of the agent; it goes on", e);
            return;
        }
        view = next;
        firstLook.countDown();
        boolean notable =
                next.power() != before.power()
                        || !next.base().equals(before.base())
                        || !next.sensors().fault().equals(before.sensors().fault());
        if (notable) {
            changed.run();
        }
    }
}
