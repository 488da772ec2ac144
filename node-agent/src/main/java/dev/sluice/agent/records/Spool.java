package dev.sluice.agent.records;

import dev.sluice.agent.ledger.LedgerStorage;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable spool: a state is seen only when the facts that made it are on disk. Used by one
 * thread at a time.
 */
final class Spool {

    private static final Logger LOG = LoggerFactory.getLogger(Spool.class);

    /** Bytes appended since the last compaction that are worth the next one. */
    private static final int COMPACT_AFTER_BYTES = 4 << 20;

    /** As long as a UUID: no two spools of all clusters have the same name. */
    private static final int STORE_ID_BYTES = 16;

    private final LedgerStorage storage;
    private SpoolState state;
    private long appended;

    private Spool(LedgerStorage storage, SpoolState state) {
        this.storage = storage;
        this.state = state;
    }

    /** What cannot be trusted is put somewhere else before a new spool begins. */
    @FunctionalInterface
    interface PutAside {
        void move() throws IOException;
    }

    /**
     * Opens a spool, or makes one; cuts a torn tail. A damaged one is put aside, and the new one
     * has another name, so that none of its records is taken for an old one.
     */
    static Spool open(LedgerStorage storage, PutAside aside, RandomGenerator names)
            throws IOException {
        byte[] bytes = storage.read();
        SpoolCodec.Decoded decoded = SpoolCodec.decode(bytes);
        SpoolState state = SpoolState.named("");
        for (SpoolFact fact : decoded.facts()) {
            state = state.apply(fact);
        }
        if (!decoded.damage().isEmpty()) {
            LOG.error(
                    "spool {}: {}; it is put aside, and records in it that no master has are lost",
                    storage.name(),
                    decoded.damage());
            aside.move();
            state = SpoolState.named("");
        } else if (decoded.goodBytes() < bytes.length) {
            LOG.warn(
                    "spool {}: cut a torn last fact of {} bytes",
                    storage.name(),
                    bytes.length - decoded.goodBytes());
        }
        if (state.store().isEmpty()) {
            byte[] name = new byte[STORE_ID_BYTES];
            names.nextBytes(name);
            state = SpoolState.named(HexFormat.of().formatHex(name));
        }
        Spool spool = new Spool(storage, state);
        spool.compact();
        return spool;
    }

    SpoolState state() {
        return state;
    }

    /** Makes facts durable together, or none of them. */
    void append(List<SpoolFact> facts) throws IOException {
        if (facts.isEmpty()) {
            return;
        }
        byte[] bytes = SpoolCodec.encode(facts);
        storage.append(bytes);
        for (SpoolFact fact : facts) {
            state = state.apply(fact);
        }
        appended += bytes.length;
        if (appended > COMPACT_AFTER_BYTES) {
            compact();
        }
    }

    private void compact() throws IOException {
        storage.replace(SpoolCodec.encode(List.of(new SpoolFact.Everything(state))));
        appended = 0;
    }
}
