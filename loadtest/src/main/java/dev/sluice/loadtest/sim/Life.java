package dev.sluice.loadtest.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of a process, from its start to its end. All that the process does happens inside {@link
 * #run}; everything that the world can see of it passes {@link #point}, where it may end.
 */
final class Life {

    /** The process ends here, in the middle of whatever it does. */
    static final class Ended extends Error {
        private static final long serialVersionUID = 1L;

        Ended(String name) {
            super(name, null, false, false);
        }
    }

    private final String name;
    private final Machine machine;
    private final Schedule schedule;
    private final List<Runnable> afterwards = new ArrayList<>();
    private final ArrayDeque<Runnable> held = new ArrayDeque<>();
    private long pointsLeft = Long.MAX_VALUE;
    private long awakeSince;
    private boolean frozen;
    private boolean dying;
    private boolean inside;
    private boolean silenced;
    private boolean over;

    Life(String name, Machine machine, Schedule schedule) {
        this.name = name;
        this.machine = machine;
        this.schedule = schedule;
    }

    String name() {
        return name;
    }

    Machine machine() {
        return machine;
    }

    boolean isOver() {
        return over || dying;
    }

    boolean isFrozen() {
        return frozen;
    }

    /** Whether it reacts to anything. */
    boolean isAwake() {
        return !isOver() && !frozen;
    }

    /** How long it has been able to react to something. */
    long awakeNanos() {
        return isAwake() && held.isEmpty() ? schedule.now() - awakeSince : 0;
    }

    /** What happens when it has ended, outside of it. */
    void onEnd(Runnable what) {
        afterwards.add(what);
    }

    /** Lets the process do something; held back while it is frozen, forgotten when it is over. */
    void run(Runnable what) {
        if (isOver()) {
            return;
        }
        if (frozen || !held.isEmpty()) {
            held.add(what);
            return;
        }
        inside(what);
    }

    private void inside(Runnable what) {
        inside = true;
        try {
            what.run();
        } catch (RuntimeException | Error e) {
            // Its end may come as another exception than it was thrown as.
            if (!dying) {
                throw e;
            }
        } finally {
            inside = false;
        }
        if (dying) {
            finish();
        }
    }

    /** In so much of the machine's own time. */
    void after(long nanos, Runnable what) {
        schedule.after(machine.until(nanos), () -> run(what));
    }

    /**
     * Again and again, with so much time between two; a frozen process misses the times between.
     */
    void every(long nanos, Runnable what) {
        after(
                nanos,
                () -> {
                    what.run();
                    every(nanos, what);
                });
    }

    /** Something that the world can see is about to happen; the process may end right before it. */
    void point() {
        if (over || dying) {
            throw new Ended(name);
        }
        if (--pointsLeft <= 0) {
            dying = true;
            throw new Ended(name);
        }
    }

    /** Lets the process end at its n-th visible act from now. */
    void endAtPoint(long n) {
        pointsLeft = n;
    }

    /** Ends at once; inside of the process, when what it does now has come to its next point. */
    void end() {
        if (isOver()) {
            return;
        }
        dying = true;
        if (!inside) {
            finish();
        }
    }

    /** Ends with the machine's power: nobody is told. */
    void silence() {
        silenced = true;
        end();
    }

    boolean isSilenced() {
        return silenced;
    }

    private void finish() {
        over = true;
        held.clear();
        afterwards.forEach(Runnable::run);
    }

    void freeze() {
        frozen = true;
    }

    void thaw() {
        if (frozen) {
            frozen = false;
            awakeSince = schedule.now();
            schedule.after(0, this::catchUp);
        }
    }

    private void catchUp() {
        Runnable next = frozen || isOver() ? null : held.poll();
        if (next != null) {
            inside(next);
            schedule.after(0, this::catchUp);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
