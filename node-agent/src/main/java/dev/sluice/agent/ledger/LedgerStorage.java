package dev.sluice.agent.ledger;

import java.io.IOException;

/** Where the bytes of a ledger are kept. Used by one thread at a time. */
public interface LedgerStorage {

    /** How messages name it: a path. */
    String name();

    /** Everything that is stored; empty when nothing ever was. */
    byte[] read() throws IOException;

    /** Adds bytes at the end; they are durable when this returns, or nothing was added. */
    void append(byte[] bytes) throws IOException;

    /** Replaces everything atomically: after a crash either the old bytes or the new are there. */
    void replace(byte[] bytes) throws IOException;
}
