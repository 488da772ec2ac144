package dev.sluice.control.peer;

import dev.sluice.control.model.Ballot;

/** Ballots on the wire. */
final class Ballots {

    private Ballots() {}

    static dev.sluice.v1.Ballot toProto(Ballot ballot) {
        return dev.sluice.v1.Ballot.newBuilder()
                .setGeneration(ballot.generation())
                .setCounter(ballot.counter())
                .setMasterId(ballot.master().value())
                .setIncarnation(ballot.incarnation())
                .build();
    }
}
