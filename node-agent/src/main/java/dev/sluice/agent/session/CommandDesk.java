package dev.sluice.agent.session;

import dev.sluice.agent.hardware.SharedAddress;
import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.v1.Command;
import dev.sluice.v1.KeepPackages;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Performs what {@link SessionCore} decides: one thread for the messages of all masters, one for
 * each command that is being executed.
 */
public final class CommandDesk implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(CommandDesk.class);

    /**
     * Messages taken from the links and not yet decided; a link asks for its next one after that.
     */
    private static final int INBOX_BOUND = 256;

    /** Where answers go. */
    @FunctionalInterface
    public interface Outbox {
        /** Sends on the session with a master, with a fresh report; drops it when there is none. */
        void send(String toMaster, SessionRequest.Builder message);
    }

    /** Executes one command and says how it ended. Interrupted when the agent stops. */
    @FunctionalInterface
    public interface Executor {
        Outcome execute(Command command) throws InterruptedException;

        /** The command that is being executed was sent again, maybe with more in it; quick. */
        default void update(Command command) {}

        /** What the cluster needs from now on, of a master that is obeyed; quick. */
        default void keep(Ballot ballot, KeepPackages order) {}
    }

    private final Ledger ledger;
    private final Outbox outbox;
    private final Executor executor;
    private final Optional<SharedAddress> sharedAddress;
    private final LongSupplier nanos;
    private final Runnable changed;
    private final SessionCore core;
    private final BlockingQueue<Runnable> inbox = new ArrayBlockingQueue<>(INBOX_BOUND);
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().name("desk").factory());
    private final ExecutorService lanes =
            Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("command-", 1).factory());
    private volatile String executing = "";

    /**
     * @param sharedAddress what leases are for; empty on a node that never holds it
     * @param nanos monotonic, such as {@link System#nanoTime}
     * @param changed called when what the node executes has changed
     * @param proofs says what an operator has signed, before a forced generation is obeyed
     */
    public CommandDesk(
            Ledger ledger,
            Outbox outbox,
            Executor executor,
            Optional<SharedAddress> sharedAddress,
            LongSupplier nanos,
            Runnable changed,
            PromotionProofs proofs) {
        this.ledger = ledger;
        this.outbox = outbox;
        this.executor = executor;
        this.sharedAddress = sharedAddress;
        this.nanos = nanos;
        this.changed = changed;
        this.core = new SessionCore(proofs);
    }

    public void start() {
        thread.execute(this::run);
    }

    /** The command being executed; empty when idle. */
    public String executing() {
        return executing;
    }

    /** Takes a message of a master; waits while the inbox is full. */
    public void receive(String fromMaster, SessionResponse message, Runnable handled)
            throws InterruptedException {
        inbox.put(() -> {
            switch (message.getMessageCase()) {
                case FENCE -> perform(known -> core.fence(known, fromMaster, message.getFence()));
                case COMMAND ->
                        perform(known -> core.command(known, fromMaster, message.getCommand()));
                case LEASE -> perform(known -> core.lease(known, fromMaster, message.getLease()));
                case KEEP -> perform(known -> core.keep(known, fromMaster, message.getKeep()));
                case WITNESS ->
                        perform(known ->
                                core.witness(
                                        known,
                                        fromMaster,
                                        message.getWitness(),
                                        nanos.getAsLong()));
                case WELCOME, RECORDS, MESSAGE_NOT_SET -> {}
            }
            startWaiting();
            handled.run();
        });
    }

    @Override
    public void close() {
        thread.shutdownNow();
        lanes.shutdownNow();
        thread.close();
        lanes.close();
    }

    private void run() {
        try {
            while (true) {
                inbox.take().run();
            }
        } catch (InterruptedException _) {
            // Closed.
        }
    }

    @FunctionalInterface
    private interface Decision {
        List<Effect> decide(LedgerState known);
    }

    private void perform(Decision decision) {
        try {
            for (Effect effect : decision.decide(ledger.state())) {
                perform(effect);
            }
        } catch (IOException e) {
            LOG.error("{}; nothing is answered until it can be", e.getMessage());
        }
    }

    private void perform(Effect effect) throws IOException {
        switch (effect) {
            case Effect.PersistBallot persist -> {
                ledger.append(new LedgerRecord.BallotRaised(persist.ballot()));
                LOG.info("ballot {} is obeyed from now on", persist.ballot());
            }
            case Effect.PersistOutcome persist ->
                    ledger.append(
                            new LedgerRecord.CommandExecuted(
                                    persist.commandId(), persist.outcome()));
            case Effect.Keep(var ballot, var order) -> {
                executor.keep(ballot, order);
                changed.run();
            }
            case Effect.Update update -> executor.update(update.command());
            case Effect.Start start -> startLane(start.lane(), start.command());
            case Effect.ConfirmFence confirm ->
                    outbox.send(confirm.toMaster(), Answers.fenced(confirm));
            case Effect.Refuse refuse -> {
                LOG.warn(
                        "ballot {} of {} is refused: {} is obeyed{}{}",
                        refuse.offered(),
                        refuse.toMaster(),
                        refuse.highest(),
                        refuse.commandId().isEmpty() ? "" : "; command " + refuse.commandId(),
                        refuse.reason().isEmpty() ? "" : "; " + refuse.reason());
                outbox.send(refuse.toMaster(), Answers.refused(refuse));
            }
            case Effect.Answer answer -> outbox.send(answer.toMaster(), Answers.result(answer));
            case Effect.ExtendLease extend ->
                    sharedAddress.ifPresent(address -> address.renew(extend.lease()));
            case Effect.ReleaseAddress _ -> sharedAddress.ifPresent(SharedAddress::release);
            case Effect.PersistVote persist -> {
                ledger.append(persist.fact());
                LOG.info("as a witness: {}", persist.fact());
            }
            case Effect.AnswerWitness answer ->
                    outbox.send(answer.toMaster(), Answers.witness(answer));
        }
    }

    private void startWaiting() {
        for (Lane lane : Lane.values()) {
            perform(known -> core.next(known, lane));
        }
        String now = core.executing();
        if (!now.equals(executing)) {
            executing = now;
            changed.run();
        }
    }

    private void startLane(Lane lane, Command command) {
        LOG.info(
                "command {} ({}) begins, ballot {}",
                command.getCommandId(),
                command.getWorkCase(),
                Ballots.fromWire(command.getBallot()));
        lanes.execute(() -> execute(lane, command));
    }

    private void execute(Lane lane, Command command) {
        try {
            Outcome outcome = outcomeOf(command);
            log(command, outcome);
            inbox.put(() -> {
                perform(known -> core.finished(known, lane, outcome));
                startWaiting();
            });
        } catch (InterruptedException _) {
            // The agent stops: the command is sent again to the next one, which looks what was
            // done.
        }
    }

    private Outcome outcomeOf(Command command) throws InterruptedException {
        try {
            return executor.execute(command);
        } catch (RuntimeException e) {
            LOG.error("command {} met a defect of the agent", command.getCommandId(), e);
            return Outcome.retryable(
                    "command %s: the agent failed with %s; see its log"
                            .formatted(command.getCommandId(), e));
        }
    }

    private static void log(Command command, Outcome outcome) {
        switch (outcome) {
            case Outcome.Done done ->
                    LOG.info("command {} done: {}", command.getCommandId(), done.evidence());
            case Outcome.Failed failed ->
                    LOG.warn(
                            "command {} failed{}: {}",
                            command.getCommandId(),
                            failed.retryable() ? "" : " for good",
                            failed.reason());
        }
    }
}
