package dev.sluice.control.peer;

import dev.sluice.control.model.NodeId;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.RelationCheck;
import dev.sluice.v1.RelationCheck.Outcome;

/** What was found at an address. */
sealed interface Dialled {

    /** Somebody of this cluster, by its certificate. */
    record Answered(PeerName name) implements Dialled {}

    record Unresolvable(String host) implements Dialled {}

    record Closed(String why) implements Dialled {}

    /** Something listens that is no part of this cluster. */
    record OtherProgram(String why) implements Dialled {}

    /** The result of looking for a master at an address. */
    static RelationCheck check(NodeId seenBy, NodeId expected, String address, Dialled found) {
        RelationCheck.Builder check =
                RelationCheck.newBuilder()
                        .setSeenBy(seenBy.value())
                        .setMaster(expected.value())
                        .setAddress(address);
        return switch (found) {
            case Answered(var name) when name.equals(PeerName.master(expected.value())) ->
                    check.setOutcome(Outcome.OUTCOME_GOOD)
                            .setFound("master %s answers".formatted(expected))
                            .build();
            case Answered(var name) ->
                    check.setOutcome(Outcome.OUTCOME_OTHER_MASTER)
                            .setFound(
                                    "expected master %s, found %s: the address is another's"
                                            .formatted(expected, name))
                            .build();
            case Unresolvable(var host) ->
                    check.setOutcome(Outcome.OUTCOME_HOST_UNRESOLVABLE)
                            .setFound("host \"%s\" has no address by name".formatted(host))
                            .build();
            case Closed(var why) ->
                    check.setOutcome(Outcome.OUTCOME_PORT_CLOSED)
                            .setFound("nothing takes connections there: " + why)
                            .build();
            case OtherProgram(var why) ->
                    check.setOutcome(Outcome.OUTCOME_OTHER_PROGRAM)
                            .setFound("what listens there is no master of this cluster: " + why)
                            .build();
        };
    }
}
