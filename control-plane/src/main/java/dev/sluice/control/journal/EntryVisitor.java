package dev.sluice.control.journal;

import java.io.IOException;

/** Receives entries in index order while they are read. */
@FunctionalInterface
public interface EntryVisitor {

    /** Receives one entry; the payload is the visitor's own. An exception ends the reading. */
    void visit(long index, byte[] payload) throws IOException;

    /** Returns the visitor which ignores what it sees. */
    static EntryVisitor ignoring() {
        return (index, payload) -> {};
    }
}
