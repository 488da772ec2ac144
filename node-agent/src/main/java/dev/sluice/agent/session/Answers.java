package dev.sluice.agent.session;

import dev.sluice.agent.ledger.Outcome;
import dev.sluice.v1.BallotRefused;
import dev.sluice.v1.CommandDone;
import dev.sluice.v1.CommandFailed;
import dev.sluice.v1.CommandResult;
import dev.sluice.v1.Fenced;
import dev.sluice.v1.NodeReport;
import dev.sluice.v1.SessionRequest;

/** The agent's answers on the wire. */
final class Answers {

    private Answers() {}

    static SessionRequest.Builder fenced(Effect.ConfirmFence confirm) {
        return SessionRequest.newBuilder()
                .setFenced(Fenced.newBuilder().setBallot(Ballots.toWire(confirm.ballot())));
    }

    static SessionRequest.Builder refused(Effect.Refuse refuse) {
        return SessionRequest.newBuilder()
                .setRefused(
                        BallotRefused.newBuilder()
                                .setOffered(Ballots.toWire(refuse.offered()))
                                .setHighest(Ballots.toWire(refuse.highest()))
                                .setCommandId(refuse.commandId()));
    }

    static SessionRequest.Builder result(Effect.Answer answer) {
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

    /** Adds the report to the answers that carry one. */
    static SessionRequest.Builder withReport(SessionRequest.Builder message, NodeReport report) {
        switch (message.getMessageCase()) {
            case FENCED -> message.getFencedBuilder().setReport(report);
            case RESULT -> message.getResultBuilder().setReport(report);
            case REPORT -> message.setReport(report);
            case HELLO -> message.getHelloBuilder().setReport(report);
            case REFUSED, MESSAGE_NOT_SET -> {}
        }
        return message;
    }
}
