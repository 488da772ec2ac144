package dev.sluice.loadtest.sim;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.agent.session.Answers;
import dev.sluice.agent.session.Ballots;
import dev.sluice.agent.session.Effect;
import dev.sluice.agent.session.Lane;
import dev.sluice.agent.session.SessionCore;
import dev.sluice.v1.Command;
import dev.sluice.v1.SessionRequest;
import dev.sluice.v1.SessionResponse;
import java.io.IOException;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Performs what the {@link SessionCore} decides, as the agent's desk does: in order, and nothing
 * after an effect that failed. The process may end between any two.
 */
final class AgentDesk {

    private final World world;
    private final Life life;
    private final SimNode node;
    private final Ledger ledger;
    private final @Nullable LeasedAddress address;
    private final BiConsumer<String, SessionRequest.Builder> outbox;
    private final Runnable changed;
    private final SessionCore core;
    private @Nullable AgentWork work;
    private String executing = "";

    AgentDesk(
            World world,
            Life life,
            SimNode node,
            Ledger ledger,
            @Nullable LeasedAddress address,
            BiConsumer<String, SessionRequest.Builder> outbox,
            Runnable changed) {
        this.world = world;
        this.life = life;
        this.node = node;
        this.ledger = ledger;
        this.address = address;
        this.outbox = outbox;
        this.changed = changed;
        this.core = new SessionCore(SimSignatures.proofs(world.mutation()));
    }

    void worksWith(AgentWork with) {
        work = with;
    }

    String executing() {
        return executing;
    }

    void receive(String from, SessionResponse message) {
        switch (message.getMessageCase()) {
            case FENCE -> perform(known -> core.fence(known, from, message.getFence()));
            case COMMAND -> perform(known -> core.command(known, from, message.getCommand()));
            case LEASE -> perform(known -> core.lease(known, from, message.getLease()));
            case KEEP -> perform(known -> core.keep(known, from, message.getKeep()));
            case WITNESS ->
                    perform(known ->
                            core.witness(
                                    known, from, message.getWitness(), life.machine().nanos()));
            case WELCOME, RECORDS, MESSAGE_NOT_SET -> {}
        }
        startWaiting();
    }

    private void perform(Function<LedgerState, List<Effect>> decision) {
        try {
            for (Effect effect : decision.apply(known())) {
                life.point();
                perform(effect);
            }
        } catch (IOException e) {
            world.trace().say(life.name(), () -> "ledger: " + e.getMessage());
        }
    }

    private LedgerState known() {
        LedgerState state = ledger.state();
        if (world.mutation() != Mutation.NO_DEDUPLICATION) {
            return state;
        }
        LedgerState forgetful = LedgerState.empty();
        for (LedgerRecord record : state.records()) {
            forgetful =
                    record instanceof LedgerRecord.CommandExecuted
                            ? forgetful
                            : forgetful.apply(record);
        }
        return forgetful;
    }

    private void perform(Effect effect) throws IOException {
        switch (effect) {
            case Effect.PersistBallot(var ballot) -> {
                ledger.append(new LedgerRecord.BallotRaised(ballot));
                world.trace().say(life.name(), () -> "obeys " + ballot);
            }
            case Effect.PersistVote(var fact) -> {
                ledger.append(fact);
                world.trace().say(life.name(), () -> "votes " + fact);
            }
            case Effect.PersistOutcome(var id, var outcome) -> {
                ledger.append(new LedgerRecord.CommandExecuted(id, outcome));
                world.promises().ended(node, id);
            }
            // A simulated pull asks all of its sources again for each piece.
            case Effect.Update _, Effect.Keep _ -> {}
            case Effect.Start(var lane, var command) -> start(lane, command);
            case Effect.ConfirmFence confirm -> {
                world.promises().confirms(node, confirm.ballot());
                outbox.accept(confirm.toMaster(), Answers.fenced(confirm));
            }
            case Effect.Refuse refuse -> outbox.accept(refuse.toMaster(), Answers.refused(refuse));
            case Effect.Answer answer -> outbox.accept(answer.toMaster(), Answers.result(answer));
            case Effect.AnswerWitness answer ->
                    outbox.accept(answer.toMaster(), Answers.witness(answer));
            case Effect.ExtendLease(var lease) -> {
                if (address != null) {
                    address.renew(lease);
                }
            }
            case Effect.ReleaseAddress _ -> {
                if (address != null) {
                    address.release();
                }
            }
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

    /** A command begins in an event of its own, as it has a thread of its own. */
    private void start(Lane lane, Command command) {
        AgentWork by = work;
        if (by == null) {
            throw new IllegalStateException(
                    "agent %s has nothing to work with".formatted(node.id()));
        }
        Ballot ballot = Ballots.fromWire(command.getBallot());
        world.promises().executes(node, ballot, command.getCommandId());
        world.trace()
                .say(
                        life.name(),
                        () ->
                                "executes %s %s"
                                        .formatted(command.getWorkCase(), command.getCommandId()));
        life.after(0, () -> by.execute(command, outcome -> ended(lane, command, outcome)));
    }

    private void ended(Lane lane, Command command, Outcome outcome) {
        world.trace()
                .say(life.name(), () -> "ended %s: %s".formatted(command.getCommandId(), outcome));
        life.after(
                0,
                () -> {
                    perform(known -> core.finished(known, lane, outcome));
                    startWaiting();
                });
    }
}
