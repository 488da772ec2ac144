package dev.sluice.loadtest.sim;

import java.time.Duration;
import java.util.Optional;

/** A site that clients come to while it accepts, and leave in their own time. */
final class SiteUnit implements ServiceUnit {

    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int MOST_CLIENTS = 40;

    private final Schedule schedule;
    private final Dice dice;
    private final Duration stay;
    private boolean alive;
    private long answersAt;
    private String version = "";
    private boolean accepting;
    private int clients;
    private int cuts;

    /**
     * @param stay how long clients stay on average
     */
    SiteUnit(Schedule schedule, Dice dice, Duration stay) {
        this.schedule = schedule;
        this.dice = dice;
        this.stay = stay;
        look();
    }

    private boolean answers() {
        return alive && schedule.now() >= answersAt;
    }

    private void look() {
        if (answers()) {
            int before = clients;
            double leaves = (double) LOOK_NANOS / stay.toNanos();
            for (int i = 0; i < before; i++) {
                clients -= dice.chance(leaves) ? 1 : 0;
            }
            clients += accepting && clients < MOST_CLIENTS && dice.chance(0.7) ? 1 : 0;
        }
        schedule.after(LOOK_NANOS, this::look);
    }

    @Override
    public boolean isAlive() {
        return alive;
    }

    /** It starts with admission closed: its agent knows what it was told. */
    @Override
    public void start(String started) {
        alive = true;
        version = started;
        accepting = false;
        clients = 0;
        answersAt = schedule.now() + dice.between(Duration.ofMillis(300), Duration.ofSeconds(4));
    }

    @Override
    public void stop() {
        alive = false;
        accepting = false;
        clients = 0;
    }

    @Override
    public Optional<Status> status() {
        return answers() ? Optional.of(new Status(version, accepting, clients)) : Optional.empty();
    }

    @Override
    public void admit(boolean value) {
        if (answers()) {
            accepting = value;
        }
    }

    @Override
    public int cut() {
        int cut = clients;
        clients = 0;
        cuts += cut;
        return cut;
    }

    boolean isAccepting() {
        return answers() && accepting;
    }

    int clients() {
        return clients;
    }

    int cuts() {
        return cuts;
    }
}
