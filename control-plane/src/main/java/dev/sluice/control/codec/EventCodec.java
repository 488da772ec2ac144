package dev.sluice.control.codec;

import dev.sluice.control.state.Event;
import dev.sluice.control.state.Recorded;
import dev.sluice.v1.JournalEntry;

/**
 * Events as the journal's entries. Stateless; any thread may use it.
 *
 * <p>What {@link #encode} gives is the same for equal events and never changes for an event that
 * was released; golden bytes hold both.
 */
public final class EventCodec {

    /**
     * The most bytes of one entry: ten times the plan of a cluster of 10,000 nodes, and small
     * enough to be held in memory by every master that replicates it.
     */
    public static final int MAX_ENTRY_BYTES = 64 << 20;

    /**
     * The entry's bytes; its index is its place in the journal and not among them.
     *
     * @throws EntryTooLargeException above {@link #MAX_ENTRY_BYTES}
     * @throws IllegalArgumentException when a blueprint's step waits for one that isn't in it
     */
    public byte[] encode(Recorded recorded) {
        JournalEntry entry =
                EventEncoder.encode(recorded.event())
                        .setFormat(EventEncoder.format(recorded.event()))
                        .setAt(ValueMapping.encode(recorded.at()))
                        .setBallot(ValueMapping.encode(recorded.ballot()))
                        .build();
        int size = entry.getSerializedSize();
        if (size > MAX_ENTRY_BYTES) {
            throw new EntryTooLargeException(
                    "journal entry %d (%s)"
                            .formatted(
                                    recorded.index(), recorded.event().getClass().getSimpleName()),
                    size,
                    MAX_ENTRY_BYTES);
        }
        return entry.toByteArray();
    }

    /**
     * The event that an entry holds.
     *
     * @throws UnreadableEntryException when a newer release wrote it
     * @throws CorruptEntryException when no release can have written it
     */
    public Recorded decode(long index, byte[] bytes) {
        String subject = "journal entry " + index;
        if (bytes.length > MAX_ENTRY_BYTES) {
            throw new CorruptEntryException(
                    subject,
                    "expected at most %d bytes, found %d".formatted(MAX_ENTRY_BYTES, bytes.length));
        }
        return JournalFormat.read(
                subject,
                bytes,
                () -> {
                    JournalEntry entry = JournalFormat.known(JournalEntry.parseFrom(bytes));
                    JournalFormat.require(entry.hasAt(), "time");
                    JournalFormat.require(entry.hasBallot(), "ballot");
                    Event event = EventDecoder.decode(entry);
                    return new Recorded(
                            index,
                            ValueMapping.decode(entry.getAt()),
                            ValueMapping.decode(entry.getBallot()),
                            event);
                });
    }
}
