package dev.sluice.agent.session;

import dev.sluice.agent.ledger.Outcome;
import dev.sluice.v1.BallotRefused;
import dev.sluice.v1.CommandDone;
import dev.sluice.v1.CommandFailed;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.Fenced;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.SessionRequest;
import java.util.function.Supplier;

/** The agent's answers on the wire. */
public final class Answers {

    private Answers() {}

    public static SessionRequest.Builder fenced(Effect.ConfirmFence confirm) {
        return SessionRequest.newBuilder()
                .setFenced(Fenced.newBuilder().setBallot(Ballots.toWire(confirm.ballot())));
    }

    public static SessionRequest.Builder refused(Effect.Refuse refuse) {
        return SessionRequest.newBuilder()
                .setRefused(
                        BallotRefused.newBuilder()
                                .setOffered(Ballots.toWire(refuse.offered()))
                                .setHighest(Ballots.toWire(refuse.highest()))
                                .setCommandId(refuse.commandId())
                                .setReason(refuse.reason()));
    }

    public static SessionRequest.Builder result(Effect.Answer answer) {
        CommandResult.Builder result =
                CommandResult.newBuilder()
                        .setCommandId(answer.commandId())
                        .setBallot(Ballots.toWire(answer.ballot()));
        switch (answer.outcome()) {
            case Outcome.Done done ->
                    result.setDone(CommandDone.newBuilder().addAllEvidence(done.evidence()));
            case Outcome.Failed failed ->
                    result.setFailed(
                            CommandFailed.newBuilder()
                                    .setReason(failed.reason())
                                    .setRetryable(failed.retryable()));
        }
        return SessionRequest.newBuilder().setResult(result);
    }

    public static SessionRequest.Builder witness(Effect.AnswerWitness answer) {
        return SessionRequest.newBuilder()
                .setWitness(WitnessMessages.toWire(answer.requestId(), answer.answer()));
    }

    /** Adds a report to the answers that carry one; for the others none is made. */
    public static SessionRequest.Builder withReport(
            SessionRequest.Builder message, Supplier<NodeReport> reports) {
        switch (message.getMessageCase()) {
            case FENCED -> message.getFencedBuilder().setReport(reports.get());
            case RESULT -> message.getResultBuilder().setReport(reports.get());
            case REPORT -> message.setReport(reports.get());
            case HELLO -> message.getHelloBuilder().setReport(reports.get());
            case REFUSED, WITNESS, RECORDS, MESSAGE_NOT_SET -> {}
        }
        return message;
    }
}
