package dev.sluice.control.badexample.controller;

import dev.sluice.control.badexample.state.ClusterState;

/** What is right in this one place. */
final class MayApply {
    private MayApply() {}

    static ClusterState act() {
        return new ClusterState(0).apply("x");
    }
}
