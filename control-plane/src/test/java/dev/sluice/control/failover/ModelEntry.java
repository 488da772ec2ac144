package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;

/** An entry of a journal, as far as the election is concerned. */
sealed interface ModelEntry {

    /** Of the primary that decided it. */
    Ballot ballot();

    record Office(Ballot ballot) implements ModelEntry {}

    record Handover(Ballot ballot, NodeId to) implements ModelEntry {}

    record Value(Ballot ballot, long number) implements ModelEntry {}
}
