package dev.sluice.transfer.pull;

/** What makes a source the same one: who it is, and where. */
public record SourceId(String node, String address) {

    @Override
    public String toString() {
        return node + " at " + address;
    }
}
