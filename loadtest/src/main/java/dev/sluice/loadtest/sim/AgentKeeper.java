package dev.sluice.loadtest.sim;

import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.reconcile.Reconciler;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Keeps the node's service running and its admission as it shall be, by the {@link Reconciler}. */
final class AgentKeeper {

    private static final long LOOK_NANOS = Duration.ofMillis(200).toNanos();

    /** A process that ran this long was a good start. */
    private static final Duration LASTED = Duration.ofSeconds(10);

    private final Life life;
    private final SimNode node;
    private final Ledger ledger;
    private final Budget budget;
    private final Runnable changed;
    private boolean wanted = true;
    private boolean seenAlive;
    private int failedStarts;
    private long startedNanos;
    private Optional<ServiceUnit.Status> seen = Optional.empty();

    AgentKeeper(Life life, SimNode node, Ledger ledger, Budget budget, Runnable changed) {
        this.budget = budget;
        this.life = life;
        this.node = node;
        this.ledger = ledger;
        this.changed = changed;
        this.startedNanos = life.machine().nanos() - LASTED.toNanos();
    }

    void start() {
        seenAlive = node.service().isAlive();
        look();
        life.every(LOOK_NANOS, this::look);
    }

    private void look() {
        boolean alive = node.service().isAlive();
        if (seenAlive && !alive) {
            failedStarts = sinceStart().compareTo(LASTED) < 0 ? failedStarts + 1 : 0;
        } else if (alive && sinceStart().compareTo(LASTED) > 0) {
            failedStarts = 0;
        }
        seenAlive = alive;
        act();
        Optional<ServiceUnit.Status> now = node.service().status();
        if (!now.equals(seen)) {
            seen = now;
            changed.run();
        }
    }

    private void act() {
        Reconciler.Desired desired =
                new Reconciler.Desired(
                        wanted && node.isPowered() && slot().isPresent(),
                        ledger.state().desiredAdmission());
        Reconciler.Observed observed =
                new Reconciler.Observed(
                        node.service().isAlive(),
                        node.service().status().map(ServiceUnit.Status::accepting),
                        failedStarts,
                        sinceStart());
        for (Reconciler.Action action : Reconciler.next(desired, observed)) {
            life.point();
            switch (action) {
                case Reconciler.Action.StartService _ -> startService();
                case Reconciler.Action.SetAdmission(var accepting) ->
                        node.service().admit(accepting);
            }
        }
    }

    private void startService() {
        startedNanos = life.machine().nanos();
        node.service().start(slot().orElseThrow());
        seenAlive = true;
    }

    private Optional<String> slot() {
        return Optional.ofNullable(node.installed().get(Packages.SITE));
    }

    private Duration sinceStart() {
        return Duration.ofNanos(life.machine().nanos() - startedNanos);
    }

    /** Ends the service and keeps it ended. */
    void pause() {
        life.point();
        wanted = false;
        node.service().stop();
        seenAlive = false;
        changed.run();
    }

    void resume() {
        wanted = true;
        failedStarts = 0;
        startedNanos = life.machine().nanos() - LASTED.toNanos();
        act();
        changed.run();
    }

    void setAdmission(boolean accepting) throws IOException {
        ledger.append(new LedgerRecord.AdmissionDesired(accepting));
        budget.told(node, accepting);
        act();
        changed.run();
    }

    int cut() {
        life.point();
        int cut = node.service().cut();
        changed.run();
        return cut;
    }
}
