package dev.sluice.trust.channel;

import dev.sluice.trust.channel.ChannelOutcome.Current;
import dev.sluice.trust.channel.ChannelOutcome.Reason;
import dev.sluice.trust.channel.ChannelOutcome.Refused;
import dev.sluice.trust.channel.Metadata.FileReference;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Reads a channel as TUF's client does: root by root from the pinned one to the newest, then
 * timestamp, snapshot and targets, each vouched for by the one before.
 *
 * <p>What was seen is stored before anything is done because of it: the root's version when the
 * newest is known, the timestamp's before the snapshot is asked for, the others before they are
 * given back.
 */
public final class ChannelClient {
    /** Roots followed in one run. */
    public static final int MAX_ROOTS = 1000;

    private final byte[] pinnedRoot;
    private final SeenStore store;
    private final InstantSource clock;
    private final boolean judgesTime;

    /**
     * A client of one channel.
     *
     * @param pinnedRoot a root file that came another way
     */
    public ChannelClient(byte[] pinnedRoot, SeenStore store, InstantSource clock) {
        this(pinnedRoot, store, clock, true);
    }

    private ChannelClient(
            byte[] pinnedRoot, SeenStore store, InstantSource clock, boolean judgesTime) {
        this.judgesTime = judgesTime;
        this.pinnedRoot = pinnedRoot.clone();
        this.store = store;
        this.clock = clock;
    }

    /**
     * A reader that remembers nothing and judges no dates: of whoever signs the channel anew, also
     * when it has expired, and of files that were verified here before.
     *
     * @param pinnedRoot a root file that came another way
     */
    public static ChannelClient timeless(byte[] pinnedRoot) {
        return new ChannelClient(pinnedRoot, SeenStore.NONE, () -> Instant.EPOCH, false);
    }

    /**
     * The pinned root's content.
     *
     * @throws InvalidPackageException when the file is not a root that its own keys signed
     */
    public static Metadata.Root pinned(byte[] file) throws InvalidPackageException {
        String name = "pinned-root.json";
        Envelope envelope =
                Envelope.parse(name, Envelope.METADATA, file, ChannelRole.ROOT.maxBytes());
        Metadata.Root root = Metadata.Root.parse(envelope.payload(), name);
        requireThreshold(
                name,
                ChannelRole.ROOT,
                root,
                envelope.signers(name, root.keysOf(ChannelRole.ROOT)));
        return root;
    }

    /** The channel as it is at this source, or why it is refused. */
    public ChannelOutcome read(ChannelSource source) {
        try {
            return new Current(new Reading(source, clock.instant()).run());
        } catch (ChannelRefusal e) {
            return new Refused(e.reason(), source.description() + ": " + e.getMessage());
        } catch (InvalidPackageException e) {
            return new Refused(Reason.TAMPERED, source.description() + ": " + e.reason());
        } catch (IOException e) {
            return new Refused(Reason.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }

    private static void requireThreshold(
            String file, ChannelRole role, Metadata.Root root, Set<Sha256> signers)
            throws InvalidPackageException {
        Metadata.RoleKeys keys = root.of(role);
        long signed = signers.stream().filter(keys::has).count();
        if (signed < keys.threshold()) {
            throw new InvalidPackageException(
                    String.format(
                            "%s: signed by %d of the keys that root %d has for %s, at least %d"
                                    + " expected",
                            file, signed, root.header().version(), role.label(), keys.threshold()));
        }
    }

    /** One run of the workflow. */
    private final class Reading {
        private final ChannelSource source;
        private final Instant now;
        private Instant signedAt = Instant.MIN;
        private Instant expires = Instant.MAX;

        Reading(ChannelSource source, Instant now) {
            this.source = source;
            this.now = now;
        }

        Channel run() throws IOException {
            Metadata.Root first = pinned(pinnedRoot);
            ChannelName name = first.header().channel();
            SeenVersions before = store.seen(name);
            Roots roots = newestRoot(first, before.root());
            Metadata.Root root = roots.newest();
            requireNotOlder(
                    ChannelRole.ROOT.file(root.header().version()),
                    root.header().version(),
                    before.root());
            requireValid("the newest root", root.header());
            SeenVersions seen = roots.reset(before);
            storeIfNew(before, seen);

            Metadata.Timestamp timestamp = timestamp(root, seen);
            SeenVersions withTimestamp =
                    new SeenVersions(
                            name,
                            seen.root(),
                            timestamp.header().version(),
                            seen.snapshot(),
                            seen.targets());
            storeIfNew(seen, withTimestamp);

            Metadata.Snapshot snapshot = snapshot(root, timestamp.snapshot(), seen);
            Metadata.Targets targets = targets(root, snapshot.targets(), seen);
            SeenVersions all =
                    new SeenVersions(
                            name,
                            seen.root(),
                            timestamp.header().version(),
                            snapshot.header().version(),
                            targets.header().version());
            storeIfNew(withTimestamp, all);
            return new Channel(root, all, signedAt, expires, targets.packages());
        }

        private void storeIfNew(SeenVersions before, SeenVersions after) throws IOException {
            if (!after.equals(before)) {
                store.store(after);
            }
        }

        /** The newest root, and the one that was the newest when something was seen last. */
        private record Roots(Metadata.Root newest, Optional<Metadata.Root> seen) {
            /** Versions that count under the new keys: those of exchanged keys are forgotten. */
            SeenVersions reset(SeenVersions before) {
                boolean times = changed(ChannelRole.TIMESTAMP) || changed(ChannelRole.SNAPSHOT);
                return new SeenVersions(
                        before.channel(),
                        newest.header().version(),
                        times ? 0 : before.timestamp(),
                        times ? 0 : before.snapshot(),
                        changed(ChannelRole.TARGETS) ? 0 : before.targets());
            }

            private boolean changed(ChannelRole role) {
                return seen.isPresent()
                        && !seen.get().of(role).keys().equals(newest.of(role).keys());
            }
        }

        private Roots newestRoot(Metadata.Root first, long seenVersion) throws IOException {
            Metadata.Root root = first;
            Optional<Metadata.Root> seen = matching(first, seenVersion);
            for (int followed = 0; ; followed++) {
                long version = root.header().version() + 1;
                String file = ChannelRole.ROOT.file(version);
                Optional<byte[]> bytes = source.fetch(file, ChannelRole.ROOT.maxBytes());
                if (bytes.isEmpty()) {
                    return new Roots(root, seen);
                }
                if (followed == MAX_ROOTS) {
                    throw new InvalidPackageException(
                            String.format(
                                    "more than %d roots behind the pinned one, which is root %d; pin"
                                            + " a newer one",
                                    MAX_ROOTS, first.header().version()));
                }
                root = follow(root, file, version, bytes.get());
                seen = seen.or(none(root, seenVersion));
            }
        }

        private Supplier<Optional<Metadata.Root>> none(Metadata.Root root, long seenVersion) {
            return () -> matching(root, seenVersion);
        }

        private static Optional<Metadata.Root> matching(Metadata.Root root, long seenVersion) {
            return root.header().version() == seenVersion ? Optional.of(root) : Optional.empty();
        }

        /** A root is signed by the threshold of the one before, and by its own. */
        private Metadata.Root follow(Metadata.Root before, String file, long version, byte[] bytes)
                throws IOException {
            Envelope envelope =
                    Envelope.parse(file, Envelope.METADATA, bytes, ChannelRole.ROOT.maxBytes());
            Metadata.Root root = Metadata.Root.parse(envelope.payload(), file);
            Map<Sha256, ChannelKey> keys = new TreeMap<>(Comparator.comparing(Sha256::hex));
            keys.putAll(root.keysOf(ChannelRole.ROOT));
            keys.putAll(before.keysOf(ChannelRole.ROOT));
            Set<Sha256> signers = envelope.signers(file, keys);
            requireThreshold(file, ChannelRole.ROOT, before, signers);
            requireThreshold(file, ChannelRole.ROOT, root, signers);
            requireIdentity(file, root.header(), before.header().channel(), version);
            return root;
        }

        private Metadata.Timestamp timestamp(Metadata.Root root, SeenVersions seen)
                throws IOException {
            String file = ChannelRole.TIMESTAMP.file(0);
            int max = ChannelRole.TIMESTAMP.maxBytes();
            byte[] payload = payload(root, ChannelRole.TIMESTAMP, file, required(file, max), max);
            Metadata.Timestamp timestamp = MetadataJson.timestamp(payload, file);
            requireIdentity(file, timestamp.header(), seen.channel(), timestamp.header().version());
            requireNotOlder(file, timestamp.header().version(), seen.timestamp());
            requireNotOlder(
                    file + ", its snapshot", timestamp.snapshot().version(), seen.snapshot());
            requireValid(file, timestamp.header());
            return timestamp;
        }

        private Metadata.Snapshot snapshot(
                Metadata.Root root, FileReference announced, SeenVersions seen) throws IOException {
            String file = ChannelRole.SNAPSHOT.file(announced.version());
            byte[] payload = announced(root, ChannelRole.SNAPSHOT, file, announced);
            Metadata.Snapshot snapshot = MetadataJson.snapshot(payload, file);
            requireIdentity(file, snapshot.header(), seen.channel(), announced.version());
            requireNotOlder(file + ", its targets", snapshot.targets().version(), seen.targets());
            requireValid(file, snapshot.header());
            return snapshot;
        }

        private Metadata.Targets targets(
                Metadata.Root root, FileReference announced, SeenVersions seen) throws IOException {
            String file = ChannelRole.TARGETS.file(announced.version());
            byte[] payload = announced(root, ChannelRole.TARGETS, file, announced);
            Metadata.Targets targets = MetadataJson.targets(payload, file);
            requireIdentity(file, targets.header(), seen.channel(), announced.version());
            requireValid(file, targets.header());
            return targets;
        }

        /** The payload of a file that is exactly the one announced. */
        private byte[] announced(
                Metadata.Root root, ChannelRole role, String file, FileReference announced)
                throws IOException {
            if (announced.size() > role.maxBytes()) {
                throw new InvalidPackageException(
                        String.format(
                                "%s: announced with %d bytes, at most %d expected",
                                file, announced.size(), role.maxBytes()));
            }
            int size = Math.toIntExact(announced.size());
            byte[] bytes = required(file, size);
            if (bytes.length != size
                    || !Arrays.equals(ChannelKey.sha256(bytes), announced.sha256().bytes())) {
                throw new InvalidPackageException(
                        String.format(
                                "%s: expected %d bytes with sha256 %s, found %d with %s; the channel"
                                        + " is mixed of two states, or the file was changed",
                                file,
                                size,
                                announced.sha256(),
                                bytes.length,
                                Sha256.of(ChannelKey.sha256(bytes))));
            }
            return payload(root, role, file, bytes, role.maxBytes());
        }

        private byte[] payload(
                Metadata.Root root, ChannelRole role, String file, byte[] bytes, int maxBytes)
                throws InvalidPackageException {
            Envelope envelope = Envelope.parse(file, Envelope.METADATA, bytes, maxBytes);
            requireThreshold(file, role, root, envelope.signers(file, root.keysOf(role)));
            return envelope.payload();
        }

        private byte[] required(String file, int maxBytes) throws IOException {
            byte[] bytes =
                    source.fetch(file, maxBytes)
                            .orElseThrow(() ->
                                    new ChannelRefusal(Reason.UNAVAILABLE, file + " is not there"));
            if (bytes.length > maxBytes) {
                throw new InvalidPackageException(
                        String.format(
                                "%s: more than the %d bytes that it may have", file, maxBytes));
            }
            return bytes;
        }

        private void requireIdentity(
                String file, Metadata.Header header, ChannelName channel, long version)
                throws InvalidPackageException {
            if (!header.channel().equals(channel) || header.version() != version) {
                throw new InvalidPackageException(
                        String.format(
                                "%s: expected version %d of channel %s, found version %d of channel"
                                        + " %s",
                                file, version, channel, header.version(), header.channel()));
            }
        }

        private void requireNotOlder(String file, long version, long seen) throws ChannelRefusal {
            if (version < seen) {
                throw new ChannelRefusal(
                        Reason.OLDER_THAN_SEEN,
                        String.format(
                                "%s: version %d is older than %d, which was seen already; the source"
                                        + " is stale, or somebody wants an old state installed",
                                file, version, seen));
            }
        }

        /**
         * Judges a file whose signatures are right; so what it says of the time is worth something.
         */
        private void requireValid(String file, Metadata.Header header) throws ChannelRefusal {
            ClockBound bound = new ClockBound(header.issued(), file + " was signed");
            if (judgesTime && bound.isAhead(now)) {
                throw new ChannelRefusal(Reason.CLOCK, bound.complaint(now));
            }
            if (judgesTime && !now.isBefore(header.expires())) {
                throw new ChannelRefusal(
                        Reason.EXPIRED,
                        String.format(
                                "%s: expired at %s, and this machine's clock says %s; the channel is"
                                        + " not kept up, somebody holds it back, or this clock is"
                                        + " ahead",
                                file, header.expires(), now));
            }
            signedAt = signedAt.isAfter(header.issued()) ? signedAt : header.issued();
            expires = expires.isBefore(header.expires()) ? expires : header.expires();
        }
    }
}
