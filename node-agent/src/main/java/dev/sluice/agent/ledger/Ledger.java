package dev.sluice.agent.ledger;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable memory of the agent: a log of records and the state that they add up to.
 *
 * <p>One thread writes, so that the order on disk is the order in which states follow each other. A
 * reader sees a fact only after it is durable.
 */
public final class Ledger implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);

    /** Bytes appended since the last compaction that are worth the next one. */
    private static final int COMPACT_AFTER_BYTES = 4 << 20;

    /** As long as a UUID: no two ledgers of all clusters have the same name. */
    private static final int STORE_ID_BYTES = 16;

    private final LedgerStorage storage;
    private final ExecutorService writer;
    private final CompletableFuture<LedgerBrokenException> broken = new CompletableFuture<>();
    private volatile LedgerState state;
    private long appendedBytes;

    private Ledger(LedgerStorage storage, LedgerState state, ExecutorService writer) {
        this.storage = storage;
        this.state = state;
        this.writer = writer;
    }

    /**
     * Opens a node's ledger, or founds it, and records this start of the agent.
     *
     * @throws LedgerCorruptException when it is damaged elsewhere than in a torn last record
     * @throws IOException when it cannot be read or written, or belongs to another node
     */
    public static Ledger open(LedgerStorage storage, String nodeId) throws IOException {
        return open(storage, nodeId, new SecureRandom());
    }

    /**
     * The same with names of one's own.
     *
     * @param names where the name of a ledger comes from that has none yet
     */
    public static Ledger open(LedgerStorage storage, String nodeId, RandomGenerator names)
            throws IOException {
        return open(
                storage,
                nodeId,
                names,
                () ->
                        Executors.newSingleThreadExecutor(
                                Thread.ofPlatform().name("ledger").factory()));
    }

    /**
     * The same with a writer of one's own.
     *
     * @param writer runs one write at a time, in order; closed with the ledger
     */
    public static Ledger open(
            LedgerStorage storage,
            String nodeId,
            RandomGenerator names,
            Supplier<ExecutorService> writer)
            throws IOException {
        byte[] bytes = storage.read();
        LedgerCodec.Decoded decoded = LedgerCodec.decode(storage.name(), bytes);
        if (decoded.goodBytes() < bytes.length) {
            LOG.warn(
                    "ledger {}: cut a torn last record of {} bytes at offset {}",
                    storage.name(),
                    bytes.length - decoded.goodBytes(),
                    decoded.goodBytes());
        }
        LedgerState state = LedgerState.empty();
        for (LedgerRecord entry : decoded.records()) {
            state = state.apply(entry);
        }
        if (state.nodeId().isEmpty()) {
            state = state.apply(new LedgerRecord.Founded(nodeId));
        } else if (!state.nodeId().equals(nodeId)) {
            throw new IOException(
                    "ledger %s: expected the ledger of node %s, found the one of node %s; correct nodeId or dataDir"
                            .formatted(storage.name(), nodeId, state.nodeId()));
        }
        if (state.storeId().isEmpty()) {
            state = state.apply(new LedgerRecord.StoreNamed(name(names)));
        }
        state = state.apply(new LedgerRecord.Started(state.incarnation() + 1));
        byte[] compacted = encode(state);
        storage.replace(compacted);
        return new Ledger(storage, state, writer.get());
    }

    private static String name(RandomGenerator names) {
        byte[] name = new byte[STORE_ID_BYTES];
        names.nextBytes(name);
        return HexFormat.of().formatHex(name);
    }

    /** The state as of the last durable record. */
    public LedgerState state() {
        return state;
    }

    /**
     * Completes when nobody knows any more what is on the disk: whoever owns the ledger has to end
     * the agent. A disk that is full breaks nothing.
     */
    public CompletableFuture<LedgerBrokenException> broken() {
        return broken.copy();
    }

    /** Adds a fact; it is durable when this returns. */
    public void append(LedgerRecord entry) throws IOException {
        appendIf(_ -> Optional.of(entry));
    }

    /**
     * Adds the fact that is chosen from the state right before it, if any, and returns the state
     * after it.
     */
    public LedgerState appendIf(Function<LedgerState, Optional<LedgerRecord>> choice)
            throws IOException {
        try {
            return writer.submit(() -> write(choice)).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LedgerBrokenException failure) {
                boolean _ = broken.complete(failure);
            }
            if (e.getCause() instanceof IOException failure) {
                throw new IOException(
                        "ledger %s: cannot be written: %s"
                                .formatted(storage.name(), failure.getMessage()),
                        failure);
            }
            throw new IllegalStateException("ledger " + storage.name(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(
                    "ledger %s: interrupted while writing".formatted(storage.name()), e);
        }
    }

    @Override
    public void close() {
        writer.close();
    }

    private LedgerState write(Function<LedgerState, Optional<LedgerRecord>> choice)
            throws IOException {
        Optional<LedgerRecord> entry = choice.apply(state);
        if (entry.isEmpty()) {
            return state;
        }
        byte[] line = LedgerCodec.encode(entry.get());
        storage.append(line);
        state = state.apply(entry.get());
        appendedBytes += line.length;
        if (appendedBytes > COMPACT_AFTER_BYTES) {
            compact();
        }
        return state;
    }

    /** The fact that led here is durable already: a failed compaction is tried again later. */
    private void compact() {
        try {
            storage.replace(encode(state));
            appendedBytes = 0;
        } catch (IOException e) {
            LOG.warn("ledger {}: not compacted: {}", storage.name(), e.getMessage());
            appendedBytes = COMPACT_AFTER_BYTES / 2;
        }
    }

    private static byte[] encode(LedgerState state) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        state.records().forEach(entry -> bytes.writeBytes(LedgerCodec.encode(entry)));
        return bytes.toByteArray();
    }
}
