package dev.sluice.trust.channel;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Sha256;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a channel signs: the payload of one of its files. */
public sealed interface Metadata {
    /** The highest version. One near the end of a counter could never be followed by another. */
    long MAX_VERSION = 1L << 53;

    Header header();

    ChannelRole role();

    /** The payload; equal metadata give equal bytes. */
    default byte[] encoded() {
        return MetadataJson.encode(this);
    }

    /** The file, signed by these keys. Whether they are enough is for the root to say. */
    default byte[] signed(List<ChannelSigningKey> keys) {
        return Envelope.signed(Envelope.METADATA, encoded(), keys).encoded();
    }

    /**
     * What every file says of itself.
     *
     * @param version from 1 to {@link #MAX_VERSION}
     * @param issued when it was signed, in whole seconds
     * @param expires from when on it is not valid, in whole seconds
     */
    record Header(ChannelName channel, long version, Instant issued, Instant expires) {
        public Header {
            checkVersion(version);
            if (!isWholeSeconds(issued) || !isWholeSeconds(expires)) {
                throw new IllegalArgumentException("issued and expires are whole seconds");
            }
            if (!expires.isAfter(issued)) {
                throw new IllegalArgumentException(
                        "expires " + expires + " is not after issued " + issued);
            }
        }
    }

    /** A file as another one announces it. */
    record FileReference(long version, long size, Sha256 sha256) {
        public FileReference {
            checkVersion(version);
            if (size < 1) {
                throw new IllegalArgumentException("size " + size + " is less than 1");
            }
        }

        /** What announces this file. */
        public static FileReference to(long version, byte[] file) {
            return new FileReference(version, file.length, Sha256.of(ChannelKey.sha256(file)));
        }
    }

    /**
     * The keys of a role, and how many of them must sign.
     *
     * @param keys at most {@value #MAX_KEYS}
     * @param threshold from 1 to the number of keys
     */
    record RoleKeys(SortedSet<Sha256> keys, int threshold) {
        /** The greatest number of keys of a role. */
        public static final int MAX_KEYS = 8;

        public RoleKeys {
            TreeSet<Sha256> sorted = new TreeSet<>(Comparator.comparing(Sha256::hex));
            sorted.addAll(keys);
            keys = Collections.unmodifiableSortedSet(sorted);
            if (keys.isEmpty() || keys.size() > MAX_KEYS) {
                throw new IllegalArgumentException(
                        keys.size() + " keys, 1 to " + MAX_KEYS + " expected");
            }
            if (threshold < 1 || threshold > keys.size()) {
                throw new IllegalArgumentException(
                        "threshold " + threshold + ", 1 to " + keys.size() + " expected");
            }
        }

        boolean has(Sha256 key) {
            return keys.contains(key);
        }
    }

    /** Whom the channel's files have to be signed by. */
    record Root(Header header, List<ChannelKey> keys, Map<ChannelRole, RoleKeys> roles)
            implements Metadata {
        public Root {
            List<ChannelKey> sorted = new ArrayList<>(keys);
            sorted.sort(Comparator.comparing(key -> key.id().hex()));
            keys = List.copyOf(sorted);
            roles = Collections.unmodifiableMap(new EnumMap<>(roles));
            Set<Sha256> known = new HashSet<>();
            for (ChannelKey key : keys) {
                if (!known.add(key.id())) {
                    throw new IllegalArgumentException("key " + key.id() + " is there twice");
                }
            }
            Set<Sha256> used = new HashSet<>();
            for (ChannelRole role : ChannelRole.values()) {
                RoleKeys of = roles.get(role);
                if (of == null) {
                    throw new IllegalArgumentException("role " + role.label() + " is missing");
                }
                used.addAll(of.keys());
            }
            if (!used.equals(known)) {
                throw new IllegalArgumentException(
                        "keys and roles do not name the same keys: "
                                + known.size()
                                + " keys, "
                                + used.size()
                                + " of roles");
            }
        }

        @Override
        public ChannelRole role() {
            return ChannelRole.ROOT;
        }

        /** The keys of one role. */
        public RoleKeys of(ChannelRole role) {
            return Objects.requireNonNull(roles.get(role), "every role is checked for");
        }

        SortedMap<Sha256, ChannelKey> keysOf(ChannelRole role) {
            SortedMap<Sha256, ChannelKey> found = new TreeMap<>(Comparator.comparing(Sha256::hex));
            for (ChannelKey key : keys) {
                if (of(role).keys().contains(key.id())) {
                    found.put(key.id(), key);
                }
            }
            return found;
        }

        static Root parse(byte[] payload, String file) throws InvalidPackageException {
            return MetadataJson.root(payload, file);
        }
    }

    /** Which snapshot is the newest. */
    record Timestamp(Header header, FileReference snapshot) implements Metadata {
        @Override
        public ChannelRole role() {
            return ChannelRole.TIMESTAMP;
        }
    }

    /** Which targets go with it. */
    record Snapshot(Header header, FileReference targets) implements Metadata {
        @Override
        public ChannelRole role() {
            return ChannelRole.SNAPSHOT;
        }
    }

    /**
     * The packages.
     *
     * @param packages at most {@value #MAX_PACKAGES}; each name and version once, and no two of a
     *     name with one release counter
     */
    record Targets(Header header, List<ChannelPackage> packages) implements Metadata {
        /** The greatest number of packages in a channel. */
        public static final int MAX_PACKAGES = 2000;

        public Targets {
            List<ChannelPackage> sorted = new ArrayList<>(packages);
            sorted.sort(ChannelPackage.BY_NAME_AND_VERSION);
            packages = List.copyOf(sorted);
            if (packages.size() > MAX_PACKAGES) {
                throw new IllegalArgumentException(
                        packages.size() + " packages, at most " + MAX_PACKAGES + " expected");
            }
            Set<String> seen = new HashSet<>();
            for (ChannelPackage pkg : packages) {
                if (!seen.add(pkg.title()) || !seen.add(pkg.name() + "#" + pkg.releaseCounter())) {
                    throw new IllegalArgumentException(
                            pkg.title()
                                    + ": its version or release counter "
                                    + pkg.releaseCounter()
                                    + " is there twice");
                }
            }
        }

        @Override
        public ChannelRole role() {
            return ChannelRole.TARGETS;
        }
    }

    private static void checkVersion(long version) {
        if (version < 1 || version > MAX_VERSION) {
            throw new IllegalArgumentException(
                    "version " + version + ", 1 to " + MAX_VERSION + " expected");
        }
    }

    private static boolean isWholeSeconds(Instant instant) {
        return instant.equals(instant.truncatedTo(ChronoUnit.SECONDS));
    }
}
