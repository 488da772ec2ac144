package dev.sluice.control.model;

/** The name of a node, master or traffic node, unique in its cluster. */
public record NodeId(String value) implements Comparable<NodeId> {

    public NodeId {
        Identifiers.check("NodeId", value);
    }

    @Override
    public int compareTo(NodeId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
