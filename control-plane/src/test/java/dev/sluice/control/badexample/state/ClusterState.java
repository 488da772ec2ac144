package dev.sluice.control.badexample.state;

/** Stands for the real one. */
public record ClusterState(long index) {
    public ClusterState apply(String event) {
        return new ClusterState(index + event.length());
    }
}
