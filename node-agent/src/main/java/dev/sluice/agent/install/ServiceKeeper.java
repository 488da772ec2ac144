package dev.sluice.agent.install;

import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.reconcile.Reconciler;
import dev.sluice.agent.traffic.TrafficPort;
import dev.sluice.agent.traffic.TrafficStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the site's process running and its admission as it shall be. One thread owns both, so that
 * no start or admission of an old intention can follow a newer one.
 */
public final class ServiceKeeper implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ServiceKeeper.class);
    private static final Duration TICK = Duration.ofMillis(200);

    /** A process that ran this long was a good start. */
    private static final Duration LASTED = Duration.ofSeconds(10);

    private final Slots slots;
    private final ServiceProcess process;
    private final Optional<TrafficPort> traffic;
    private final Ledger ledger;
    private final Runnable changed;
    private final BeforeStop beforeStop;
    private final ScheduledExecutorService thread;

    private boolean wanted = true;
    private boolean seenAlive;
    private int failedStarts;
    private long startedNanos = System.nanoTime() - LASTED.toNanos();
    private volatile View view = View.nothing();

    /**
     * What was observed last.
     *
     * @param slot what shall run; empty: nothing is installed
     * @param pid absent while nothing runs
     * @param site what the site answers; absent on masters, and while it does not
     * @param detail why it does not answer
     */
    public record View(
            Optional<Slot> slot, Optional<Long> pid, Optional<TrafficStatus> site, String detail) {
        static View nothing() {
            return new View(
                    Optional.empty(), Optional.empty(), Optional.empty(), "not looked at yet");
        }
    }

    /** What is to be done while the site can still be asked. */
    @FunctionalInterface
    public interface BeforeStop {
        /** Takes a few seconds at most. */
        void run() throws InterruptedException;
    }

    /**
     * @param traffic absent on masters
     * @param changed called when the view has changed
     * @param beforeStop called before the process is stopped
     */
    public ServiceKeeper(
            Slots slots,
            ServiceProcess process,
            Optional<TrafficPort> traffic,
            Ledger ledger,
            Runnable changed,
            BeforeStop beforeStop) {
        this.slots = slots;
        this.process = process;
        this.traffic = traffic;
        this.ledger = ledger;
        this.changed = changed;
        this.beforeStop = beforeStop;
        this.thread =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().name("service").factory());
    }

    /** Looks once, adopting a process that runs, and goes on in its own thread. */
    public void start() {
        process.pid().ifPresent(pid -> LOG.info("service: pid {} runs and is adopted", pid));
        var _ =
                thread.scheduleWithFixedDelay(
                        this::tickSafely, 0, TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    public View view() {
        return view;
    }

    /** Ends the process and keeps it ended until {@link #resume}. */
    public void pause() throws IOException, InterruptedException {
        await(() -> {
            wanted = false;
            beforeStop.run();
            process.stop();
            seenAlive = false;
            look();
            return view;
        });
    }

    /** Starts the current slot's process and keeps it running. */
    public void resume() throws IOException, InterruptedException {
        await(() -> {
            wanted = true;
            failedStarts = 0;
            startedNanos = System.nanoTime() - LASTED.toNanos();
            look();
            act();
            return view;
        });
    }

    /** Records the admission that shall be, and brings it about when the site answers. */
    public View setAdmission(boolean accepting) throws IOException, InterruptedException {
        return await(() -> {
            ledger.append(new LedgerRecord.AdmissionDesired(accepting));
            look();
            act();
            look();
            return view;
        });
    }

    /** Ends all client sessions; 0 when the site does not run. */
    public int cutSessions() throws IOException, InterruptedException {
        return await(() -> {
            if (traffic.isEmpty() || process.pid().isEmpty()) {
                return 0;
            }
            int cut = traffic.get().cutSessions();
            look();
            return cut;
        });
    }

    /** Looks now instead of at the next tick. */
    public View observe() throws IOException, InterruptedException {
        return await(() -> {
            look();
            return view;
        });
    }

    /** Ends the thread; the site goes on running. */
    @Override
    public void close() {
        thread.shutdownNow();
        thread.close();
    }

    private void tickSafely() {
        try {
            tick();
        } catch (IOException e) {
            LOG.warn("service: {}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("service: a defect of the agent; it goes on", e);
        }
    }

    private void tick() throws IOException {
        look();
        boolean alive = view.pid().isPresent();
        if (seenAlive && !alive) {
            Duration lasted = sinceStart();
            failedStarts = lasted.compareTo(LASTED) < 0 ? failedStarts + 1 : 0;
            LOG.warn(
                    "service: the process ended without being told, {} ms after its start",
                    lasted.toMillis());
        } else if (alive && sinceStart().compareTo(LASTED) > 0) {
            failedStarts = 0;
        }
        seenAlive = alive;
        act();
    }

    private void look() throws IOException {
        Optional<Slot> slot = slots.service();
        Optional<Long> pid = process.pid();
        View next;
        if (pid.isEmpty()) {
            next = new View(slot, pid, Optional.empty(), "not running");
        } else if (traffic.isEmpty()) {
            next = new View(slot, pid, Optional.empty(), "");
        } else {
            next = ask(slot, pid, traffic.get());
        }
        boolean different = !next.equals(view);
        view = next;
        if (different) {
            changed.run();
        }
    }

    private static View ask(Optional<Slot> slot, Optional<Long> pid, TrafficPort site) {
        try {
            return new View(slot, pid, Optional.of(site.status()), "");
        } catch (IOException e) {
            return new View(slot, pid, Optional.empty(), String.valueOf(e.getMessage()));
        }
    }

    /** Brings about what shall be, from what was looked at just now. */
    private void act() throws IOException {
        Reconciler.Desired desired =
                new Reconciler.Desired(
                        wanted && view.slot().isPresent(), ledger.state().desiredAdmission());
        Reconciler.Observed observed =
                new Reconciler.Observed(
                        view.pid().isPresent(),
                        view.site().map(TrafficStatus::accepting),
                        failedStarts,
                        sinceStart());
        List<Reconciler.Action> actions = Reconciler.next(desired, observed);
        for (Reconciler.Action action : actions) {
            switch (action) {
                case Reconciler.Action.StartService _ -> startService();
                case Reconciler.Action.SetAdmission admission ->
                        setAdmission(admission.accepting(), traffic);
            }
        }
        if (!actions.isEmpty()) {
            look();
        }
    }

    /** Starts what is current now, which may be newer than what was seen last. */
    private void startService() throws IOException {
        Optional<Slot> slot = slots.service();
        if (slot.isPresent()) {
            startedNanos = System.nanoTime();
            failedStarts++;
            process.start(slot.get());
            failedStarts--;
            seenAlive = true;
        }
    }

    private static void setAdmission(boolean accepting, Optional<TrafficPort> traffic)
            throws IOException {
        if (traffic.isPresent()) {
            traffic.get().admit(accepting);
            LOG.info("admission is {}", accepting ? "open" : "closed");
        }
    }

    private Duration sinceStart() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    private <T> T await(Callable<T> work) throws IOException, InterruptedException {
        try {
            return thread.submit(work).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            if (e.getCause() instanceof InterruptedException) {
                throw (InterruptedException) new InterruptedException().initCause(e);
            }
            throw new IllegalStateException("service", e.getCause());
        }
    }
}
