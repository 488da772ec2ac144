package dev.sluice.control.depot;

import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.PackageRecord;
import dev.sluice.trust.packages.PackageHead;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntToLongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings into this master's depot what was imported at another one. A master that takes over with
 * an empty depot could not go on with an upgrade whose packages are not staged yet.
 *
 * <p>What another master sends is verified like any import: a package whose signer is not trusted
 * here stays out.
 */
public final class DepotFill implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DepotFill.class);

    /** Between two looks when something is missing and nobody gave it. */
    private static final long RETRY_MILLIS = 2_000;

    /** Broken streams that one attempt goes on after, each where the last one ended. */
    private static final int MAX_RESUMES = 16;

    /** After so many bytes more it may break as often again: a long transfer breaks more often. */
    private static final long FORGIVEN_AFTER_BYTES = 64L << 20;

    /** A pause is looked at so often: the limit may have been raised. */
    private static final long PAUSE_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Looks that pass over a package which was refused: nothing changes that fast. */
    private static final int SIT_OUT = 30;

    private final Depot depot;
    private final Supplier<Collection<PackageRecord>> imported;
    private final Optional<ContentSource> near;
    private final OtherDepots others;
    private final Pace pace;
    private final @Nullable DepotKeeper keeper;
    private final Semaphore wake = new Semaphore(0);

    /** What was last said of a content; it is said once. Owner thread only, like the next. */
    private final Map<String, String> said = new HashMap<>();

    private final Map<String, Integer> sitsOut = new HashMap<>();

    /** Contents of which what is near was refused: it is not read again. Owner thread only. */
    private final Set<String> wrongHere = new HashSet<>();

    private volatile String fetching = "";
    private final @Nullable Thread thread;
    private volatile boolean closing;

    private DepotFill(
            Depot depot,
            Supplier<Collection<PackageRecord>> imported,
            Optional<ContentSource> near,
            OtherDepots others,
            Pace pace,
            @Nullable DepotKeeper keeper,
            boolean threaded) {
        this.depot = depot;
        this.imported = imported;
        this.near = near;
        this.others = others;
        this.pace = pace;
        this.keeper = keeper;
        this.thread = threaded ? Thread.ofPlatform().name("depot-fill").unstarted(this::run) : null;
    }

    /**
     * Starts to look, at once and whenever it is woken.
     *
     * @param imported all packages that the cluster's state names
     * @param near what is on this machine: it is asked first
     * @param pace of what comes from other masters
     * @param keeper makes room for what is needed, and removes what the state does not name
     */
    public static DepotFill start(
            Depot depot,
            Supplier<Collection<PackageRecord>> imported,
            Optional<ContentSource> near,
            OtherDepots others,
            Pace pace,
            DepotKeeper keeper) {
        DepotFill fill = new DepotFill(depot, imported, near, others, pace, keeper, true);
        Objects.requireNonNull(fill.thread).start();
        return fill;
    }

    /** One without a thread: its owner calls {@link #look}. */
    static DepotFill stepped(
            Depot depot,
            Supplier<Collection<PackageRecord>> imported,
            Optional<ContentSource> near,
            OtherDepots others,
            Pace pace) {
        return new DepotFill(depot, imported, near, others, pace, null, false);
    }

    static DepotFill stepped(
            Depot depot,
            Supplier<Collection<PackageRecord>> imported,
            OtherDepots others,
            DepotKeeper keeper) {
        return new DepotFill(depot, imported, Optional.empty(), others, (_, _) -> 0, keeper, false);
    }

    /** Packages may have been imported; for any thread. */
    public void wake() {
        if (wake.availablePermits() == 0) {
            wake.release();
        }
    }

    private void run() {
        try {
            while (!closing) {
                wake.drainPermits();
                if (look()) {
                    wake.acquire();
                } else {
                    boolean _ = wake.tryAcquire(RETRY_MILLIS, TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Removes what the state does not name, and fetches what is missing, one package after the
     * other: first what is needed, for which others make room.
     *
     * @return whether the depot has everything now
     */
    boolean look() {
        Set<String> missing = new HashSet<>();
        boolean complete = true;
        if (keeper != null) {
            keeper.sweep();
        }
        for (PackageRecord record : neededFirst()) {
            ContentId id = new ContentId(record.contentSha256());
            if (closing) {
                continue;
            }
            missing.add(id.sha256());
            if (sitsOut.merge(id.sha256(), -1, Integer::sum) > 0) {
                complete = false;
                continue;
            }
            sitsOut.remove(id.sha256());
            complete &= fetch(record, id);
        }
        said.keySet().retainAll(missing);
        wrongHere.retainAll(missing);
        sitsOut.keySet().retainAll(missing);
        return complete;
    }

    private List<PackageRecord> neededFirst() {
        return imported.get().stream()
                .filter(record -> !depot.has(new ContentId(record.contentSha256())))
                .sorted(Comparator.comparing((PackageRecord record) -> !isNeeded(record)))
                .toList();
    }

    private boolean isNeeded(PackageRecord record) {
        return keeper != null && keeper.needs(record);
    }

    private Depot.Cleaner cleanerFor(PackageRecord record) {
        return keeper != null && keeper.needs(record) ? keeper : Depot.Cleaner.NONE;
    }

    private boolean fetch(PackageRecord record, ContentId id) {
        if (near.isPresent() && near.get().has(id) && !wrongHere.contains(id.sha256())) {
            ContentSource here = near.get();
            boolean isHere =
                    take(
                            record,
                            "the agent of this node",
                            new Resumed(offset -> open(here, id, offset), _ -> 0),
                            () -> wrongHere.add(id.sha256()));
            if (isHere) {
                return true;
            }
        }
        fetching = id.sha256();
        try {
            return others.masters().stream()
                    .anyMatch(master ->
                            take(
                                    record,
                                    "master " + master,
                                    new Resumed(
                                            offset -> others.open(master, id, offset),
                                            bytes -> pace.took(master, bytes)),
                                    () -> sitsOut.put(id.sha256(), SIT_OUT)));
        } finally {
            fetching = "";
        }
    }

    /** Whether a content is being fetched now; for any thread. */
    public boolean isFetching(String contentSha256) {
        return fetching.equals(contentSha256);
    }

    private static InputStream open(ContentSource source, ContentId id, long offset)
            throws IOException {
        ContentSource.Place place =
                source.place(id)
                        .orElseThrow(() -> new IOException("it was removed in this moment"));
        FileChannel file = FileChannel.open(place.file(), StandardOpenOption.READ);
        try {
            return Channels.newInputStream(file.position(place.start() + offset));
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    private boolean take(PackageRecord record, String from, Resumed resumed, Runnable refused) {
        try (Resumed content = resumed.begin()) {
            byte[] head =
                    PackageHead.encode(record.manifest().toArray(), record.signature().toArray());
            ImportResult result =
                    depot.importPackage(
                            new SequenceInputStream(new ByteArrayInputStream(head), content),
                            cleanerFor(record));
            switch (result) {
                case ImportResult.Imported _ -> {
                    LOG.info(
                            "depot: {} is here, {} bytes from {}",
                            record.ref(),
                            content.offset,
                            from);
                    return true;
                }
                case ImportResult.Refused(var refusal) -> {
                    refused.run();
                    say(record, "from %s it was refused: %s".formatted(from, refusal));
                }
            }
        } catch (IOException e) {
            say(record, "%s: %s".formatted(from, e.getMessage()));
        }
        return false;
    }

    /** How fast bytes of other masters may come. */
    @FunctionalInterface
    public interface Pace {

        /**
         * Bytes came; 0: none did, since it was asked last.
         *
         * @return nanoseconds to pause before the next are asked for
         */
        long took(NodeId master, int bytes);
    }

    /** Where a content comes from, from an offset on. */
    private interface Opening {
        InputStream from(long offset) throws IOException;
    }

    private void say(PackageRecord record, String what) {
        if (!what.equals(said.put(record.contentSha256(), what))) {
            LOG.warn("depot: {} is not here: {}", record.ref(), what);
        }
    }

    /** A content that goes on where its stream broke. */
    private final class Resumed extends InputStream {
        private final Opening opening;
        private final IntToLongFunction paced;
        private InputStream stream = InputStream.nullInputStream();
        private long offset;
        private int resumes;
        private long brokeAt;

        Resumed(Opening opening, IntToLongFunction paced) {
            this.opening = opening;
            this.paced = paced;
        }

        Resumed begin() throws IOException {
            stream = opening.from(0);
            return this;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int start, int length) throws IOException {
            while (true) {
                if (closing) {
                    throw new IOException("this master is closing");
                }
                try {
                    int count = stream.read(into, start, length);
                    if (count > 0) {
                        offset += count;
                        pause(paced.applyAsLong(count));
                    }
                    return count;
                } catch (IOException e) {
                    if (offset - brokeAt >= FORGIVEN_AFTER_BYTES) {
                        resumes = 0;
                    }
                    brokeAt = offset;
                    if (offset == 0 || ++resumes > MAX_RESUMES) {
                        throw e;
                    }
                    stream.close();
                    stream = opening.from(offset);
                }
            }
        }

        private void pause(long nanos) {
            for (long left = nanos; left > 0 && !closing; left = paced.applyAsLong(0)) {
                LockSupport.parkNanos(this, Math.min(left, PAUSE_LOOK_NANOS));
            }
        }

        @Override
        public void close() throws IOException {
            stream.close();
        }
    }

    /** Ends what it does; a transfer that runs is given up, and nothing of it is kept. */
    @Override
    public void close() {
        closing = true;
        DepotThreads.end(thread);
    }
}
