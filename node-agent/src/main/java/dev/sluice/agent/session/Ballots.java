package dev.sluice.agent.session;

import dev.sluice.agent.ledger.Ballot;

/** Ballots on the wire. */
public final class Ballots {

    private Ballots() {}

    public static Ballot fromWire(dev.sluice.v1.Ballot wire) {
        return new Ballot(
                wire.getGeneration(), wire.getCounter(), wire.getMasterId(), wire.getIncarnation());
    }

    public static dev.sluice.v1.Ballot toWire(Ballot ballot) {
        return dev.sluice.v1.Ballot.newBuilder()
                .setGeneration(ballot.generation())
                .setCounter(ballot.counter())
                .setMasterId(ballot.master())
                .setIncarnation(ballot.incarnation())
                .build();
    }
}
