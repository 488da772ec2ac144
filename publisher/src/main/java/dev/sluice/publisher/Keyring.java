package dev.sluice.publisher;

import dev.sluice.trust.channel.ChannelKey;
import dev.sluice.trust.channel.ChannelRole;
import dev.sluice.trust.channel.ChannelSigningKey;
import dev.sluice.trust.channel.Metadata;
import dev.sluice.trust.channel.Metadata.Header;
import dev.sluice.trust.channel.Metadata.RoleKeys;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.x509.KeyPassword;
import dev.sluice.trust.x509.PemFiles;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The private keys that are at hand: pairs of {@code NAME.key} and {@code NAME.pub} in folders. A
 * key is read when a role needs it, so that those of a root may be elsewhere for everything else.
 */
final class Keyring {
    /** The greatest number of keys in a folder. */
    private static final int MAX_KEYS = 256;

    private final SortedMap<String, Path> publicFiles;
    private final Optional<KeyPassword> password;
    private final Map<Sha256, ChannelSigningKey> fresh;

    private Keyring(
            SortedMap<String, Path> publicFiles,
            Optional<KeyPassword> password,
            Map<Sha256, ChannelSigningKey> fresh) {
        this.publicFiles = publicFiles;
        this.password = password;
        this.fresh = fresh;
    }

    static Keyring of(List<Path> folders, Optional<KeyPassword> password) throws IOException {
        SortedMap<String, Path> files = new TreeMap<>();
        for (Path folder : folders) {
            if (!Files.isDirectory(folder)) {
                throw PublisherException.badInput(folder + " is not a folder with keys");
            }
            try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.pub")) {
                for (Path file : found) {
                    if (files.size() == MAX_KEYS) {
                        throw PublisherException.badInput(
                                folder + " holds more than " + MAX_KEYS + " keys");
                    }
                    ChannelKey key = ChannelKey.of(PemFiles.readPublicKey(file));
                    files.putIfAbsent(key.id().hex(), file);
                }
            }
        }
        return new Keyring(files, password, Map.of());
    }

    /** These keys as well. */
    Keyring with(Drawn drawn) {
        Map<Sha256, ChannelSigningKey> more = new HashMap<>(fresh);
        drawn.keys().values().forEach(of -> of.forEach(key -> more.put(key.key().id(), key)));
        return new Keyring(publicFiles, password, more);
    }

    /** As many keys of a role as must sign: all that are here, and at least the threshold. */
    List<ChannelSigningKey> of(Metadata.Root root, ChannelRole role) throws IOException {
        List<ChannelSigningKey> keys = new ArrayList<>();
        RoleKeys wanted = root.of(role);
        for (Sha256 id : wanted.keys()) {
            ChannelSigningKey drawn = fresh.get(id);
            Path file = publicFiles.get(id.hex());
            if (drawn != null) {
                keys.add(drawn);
            } else if (file != null && Files.exists(secret(file))) {
                keys.add(ChannelSigningKey.load(file, secret(file), password));
            }
        }
        if (keys.size() < wanted.threshold()) {
            throw PublisherException.badInput(
                    String.format(
                            "%d of the keys for %s are here, at least %d needed; name the folders"
                                    + " that have them with --keys",
                            keys.size(), role.label(), wanted.threshold()));
        }
        return keys;
    }

    private static Path secret(Path publicFile) {
        String name = publicFile.getFileName().toString();
        return publicFile.resolveSibling(
                name.substring(0, name.length() - ".pub".length()) + ".key");
    }

    /** New keys of some roles, and how many of a role must sign. */
    record Drawn(
            Map<ChannelRole, List<ChannelSigningKey>> keys, Map<ChannelRole, Integer> thresholds) {
        Drawn {
            keys = Collections.unmodifiableMap(new EnumMap<>(keys));
            thresholds = Collections.unmodifiableMap(new EnumMap<>(thresholds));
        }

        /** Keys of these kinds for one role. */
        static Drawn one(ChannelRole role, List<SignatureScheme> schemes, int threshold) {
            return new Drawn(
                    Map.of(role, schemes.stream().map(ChannelSigningKey::create).toList()),
                    Map.of(role, threshold));
        }

        Drawn and(Drawn other) {
            Map<ChannelRole, List<ChannelSigningKey>> all = new EnumMap<>(ChannelRole.class);
            all.putAll(keys);
            all.putAll(other.keys);
            Map<ChannelRole, Integer> needed = new EnumMap<>(ChannelRole.class);
            needed.putAll(thresholds);
            needed.putAll(other.thresholds);
            return new Drawn(all, needed);
        }

        List<ChannelSigningKey> of(ChannelRole role) {
            return keys.getOrDefault(role, List.of());
        }

        Metadata.Root root(Header header) {
            List<ChannelKey> all = new ArrayList<>();
            Map<ChannelRole, RoleKeys> roles = new EnumMap<>(ChannelRole.class);
            keys.forEach((role, of) -> {
                of.forEach(key -> all.add(key.key()));
                roles.put(role, roleKeys(role));
            });
            return new Metadata.Root(header, all, roles);
        }

        private RoleKeys roleKeys(ChannelRole role) {
            TreeSet<Sha256> ids = new TreeSet<>(Comparator.comparing(Sha256::hex));
            of(role).forEach(key -> ids.add(key.key().id()));
            return new RoleKeys(ids, thresholds.getOrDefault(role, 1));
        }

        /** A root with these keys in their roles and the others as before. */
        Metadata.Root over(Metadata.Root before, Header header) {
            return root(before, header, role -> roleKeys(role));
        }

        /**
         * A root on the way to {@link #over}: these keys and those before are right for their
         * roles, so that what either signed is.
         *
         * @throws IllegalArgumentException when a role would have more keys than a root may name
         */
        Metadata.Root beside(Metadata.Root before, Header header) {
            return root(
                    before,
                    header,
                    role -> {
                        RoleKeys next = roleKeys(role);
                        RoleKeys old = before.of(role);
                        TreeSet<Sha256> both = new TreeSet<>(Comparator.comparing(Sha256::hex));
                        both.addAll(next.keys());
                        both.addAll(old.keys());
                        return new RoleKeys(both, Math.min(next.threshold(), old.threshold()));
                    });
        }

        private Metadata.Root root(
                Metadata.Root before, Header header, Function<ChannelRole, RoleKeys> drawn) {
            Map<ChannelRole, RoleKeys> roles = new EnumMap<>(ChannelRole.class);
            for (ChannelRole role : ChannelRole.values()) {
                roles.put(role, keys.containsKey(role) ? drawn.apply(role) : before.of(role));
            }
            List<ChannelKey> all = new ArrayList<>();
            keys.values().forEach(of -> of.forEach(key -> all.add(key.key())));
            all.addAll(before.keys());
            all.removeIf(
                    key -> roles.values().stream().noneMatch(of -> of.keys().contains(key.id())));
            return new Metadata.Root(header, all, roles);
        }

        /**
         * Writes the keys, one file each with mode 0600, or none of them.
         *
         * @param version of the root that they come with, which is in their names
         */
        void store(Path folder, long version, Optional<KeyPassword> password) throws IOException {
            List<PemFiles.Draft> files = new ArrayList<>();
            keys.forEach((role, of) -> {
                for (int i = 0; i < of.size(); i++) {
                    String name = role.label() + "-" + version + "-" + (i + 1);
                    files.addAll(
                            of.get(i)
                                    .files(
                                            folder.resolve(name + ".pub"),
                                            folder.resolve(name + ".key"),
                                            password));
                }
            });
            PemFiles.writeNew(files);
        }
    }
}
