package dev.sluice.trust.channel;

import java.io.IOException;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A channel's files in memory, as somebody else handed them on. Trusted in nothing, either. */
public final class InMemorySource implements ChannelSource {

    /** All of them together, in bytes. */
    public static final int MAX_BYTES = 2 << 20;

    /** As many as a reading can need: roots, timestamp, snapshot, targets. */
    public static final int MAX_FILES = ChannelClient.MAX_ROOTS + 3;

    private final SortedMap<String, byte[]> files;
    private final String description;

    /**
     * Files by their names.
     *
     * @param description how messages call them
     * @throws IllegalArgumentException when they are more than {@link #MAX_FILES} or {@link
     *     #MAX_BYTES}
     */
    public InMemorySource(SortedMap<String, byte[]> files, String description) {
        long bytes = files.values().stream().mapToLong(file -> file.length).sum();
        if (files.size() > MAX_FILES || bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    String.format(
                            "%s: %d files of %d bytes, at most %d of %d expected",
                            description, files.size(), bytes, MAX_FILES, MAX_BYTES));
        }
        this.files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
        this.description = description;
    }

    @Override
    public Optional<byte[]> fetch(String name, int maxBytes) throws IOException {
        byte[] file = files.get(name);
        if (file != null && file.length > maxBytes) {
            throw new IOException(
                    String.format(
                            "%s: %s has %d bytes, at most %d expected",
                            description, name, file.length, maxBytes));
        }
        return Optional.ofNullable(file).map(byte[]::clone);
    }

    @Override
    public String description() {
        return description;
    }
}
