package dev.sluice.control.controller;

import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Recorded;
import java.util.List;

/** Is told of durable events, in order, by the writer thread: must be quick and must not block. */
@FunctionalInterface
public interface StateListener {

    void onApplied(ClusterState state, List<Recorded> recorded);
}
