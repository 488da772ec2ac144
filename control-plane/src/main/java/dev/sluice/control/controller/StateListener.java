package dev.sluice.control.controller;

import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Recorded;
import java.util.List;

/**
 * Is told of visible events, in order, by the writer thread: must be quick and must not block. No
 * events: a follower's journal was repaired, and the state is another one.
 */
@FunctionalInterface
public interface StateListener {

    void onApplied(ClusterState state, List<Recorded> recorded);
}
