package dev.sluice.trust.channel;

import java.io.IOException;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A source that remembers what it gave: after a reading, all that another reader with the same
 * pinned root needs to verify the same state.
 */
public final class RememberingSource implements ChannelSource {
    private final ChannelSource source;
    private final SortedMap<String, byte[]> given = new TreeMap<>();

    public RememberingSource(ChannelSource source) {
        this.source = source;
    }

    @Override
    public Optional<byte[]> fetch(String name, int maxBytes) throws IOException {
        Optional<byte[]> file = source.fetch(name, maxBytes);
        file.ifPresent(bytes -> given.put(name, bytes));
        return file;
    }

    @Override
    public String description() {
        return source.description();
    }

    /** What was given, by name. */
    public SortedMap<String, byte[]> given() {
        return Collections.unmodifiableSortedMap(given);
    }
}
