package dev.sluice.control.badexample.executor;

import dev.sluice.control.badexample.journal.KnowsTheExecutor;
import dev.sluice.control.badexample.state.ClusterState;

/** Applies an event that was never committed, and is half of a cycle. */
public final class AppliesByItself {
    private AppliesByItself() {}

    public static ClusterState act() {
        return new ClusterState(KnowsTheExecutor.INDEX).apply("x");
    }
}
