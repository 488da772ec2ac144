package dev.sluice.agent.ledger;

import java.io.IOException;
import java.util.Arrays;

/** A ledger's bytes in memory, on a disk that fails when a test says so. */
public final class MemoryLedgerStorage implements LedgerStorage {

    private static final int NEVER = -1;

    private byte[] bytes = {};
    private boolean full;
    private boolean syncFails;
    private int tearAfter = NEVER;
    private int written;

    @Override
    public synchronized String name() {
        return "memory";
    }

    @Override
    public synchronized byte[] read() {
        return bytes.clone();
    }

    /** From now on nothing can be appended, or again can. */
    public synchronized void full(boolean now) {
        full = now;
    }

    /** The power fails in the next append, after that many of its bytes. */
    public synchronized void tearNextAppendAfter(int count) {
        tearAfter = count;
    }

    /** The next sync fails, and nobody knows what it left on the disk. */
    public synchronized void failNextSync() {
        syncFails = true;
    }

    /** How many appends succeeded. */
    public synchronized int written() {
        return written;
    }

    @Override
    public synchronized void append(byte[] more) throws IOException {
        if (full) {
            throw new IOException("No space left on device");
        }
        if (tearAfter != NEVER) {
            add(Arrays.copyOf(more, Math.min(tearAfter, more.length)));
            full = true;
            throw new IOException("Input/output error");
        }
        add(more);
        if (syncFails) {
            throw new LedgerBrokenException(
                    "its sync failed", new IOException("Input/output error"));
        }
        written++;
    }

    private void add(byte[] more) {
        byte[] longer = Arrays.copyOf(bytes, bytes.length + more.length);
        System.arraycopy(more, 0, longer, bytes.length, more.length);
        bytes = longer;
    }

    @Override
    public synchronized void replace(byte[] other) {
        bytes = other.clone();
        full = false;
        tearAfter = NEVER;
    }
}
