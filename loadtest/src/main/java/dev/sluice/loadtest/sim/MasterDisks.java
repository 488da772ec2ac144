package dev.sluice.loadtest.sim;

import dev.sluice.control.journal.DiskFile;
import dev.sluice.control.journal.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What a master leaves on its disk, over all lives of its process. */
final class MasterDisks {

    private MemoryDisk journal = new MemoryDisk();
    private MemoryDisk memory = new MemoryDisk();
    private MemoryDisk archive = new MemoryDisk();
    private MemoryDisk incoming = new MemoryDisk();
    private long slowNanos;

    static MemoryDisk copyOf(MemoryDisk disk) throws IOException {
        MemoryDisk copy = new MemoryDisk();
        for (String name : disk.list()) {
            try (DiskFile file = copy.create(name)) {
                file.write(ByteBuffer.wrap(disk.bytes(name)), 0);
                file.force(true);
            }
        }
        copy.forceDirectory();
        return copy;
    }

    MemoryDisk journal() {
        return journal;
    }

    /** For the election. */
    MemoryDisk memory() {
        return memory;
    }

    /** For entries that were cut. */
    MemoryDisk archive() {
        return archive;
    }

    /** For a snapshot that arrives. */
    MemoryDisk incoming() {
        return incoming;
    }

    void restart() {
        incoming.restart();
        archive.restart();
        journal.restart();
        memory.restart();
    }

    void losePower(Dice dice) {
        journal.losePower(dice.random());
        memory.losePower(dice.random());
        archive.losePower(dice.random());
        incoming.losePower(dice.random());
    }

    /** Everything is gone: another disk. */
    void lose() {
        journal = new MemoryDisk();
        memory = new MemoryDisk();
        archive = new MemoryDisk();
        incoming = new MemoryDisk();
    }

    /** Each step of the writer takes so much longer. */
    void slow(long nanos) {
        slowNanos = nanos;
    }

    long slowNanos() {
        return slowNanos;
    }

    void forceFails(boolean value) {
        journal.forceFails(value);
    }

    /** No more than this many bytes beside what is there. */
    void fill(long more) {
        journal.capacity(more == Long.MAX_VALUE ? more : usedBytes() + more);
    }

    private long usedBytes() {
        long used = 0;
        for (String name : journal.list()) {
            used += journal.bytes(name).length;
        }
        return used;
    }

    /** One bit of one file turns by itself; empty: there is no file. */
    List<String> rot(Dice dice) {
        List<String> names = new ArrayList<>(journal.list());
        names.removeIf(name -> journal.bytes(name).length == 0);
        if (names.isEmpty()) {
            return names;
        }
        String name = dice.pick(names);
        journal.flip(name, dice.below(journal.bytes(name).length));
        return List.of(name);
    }
}
