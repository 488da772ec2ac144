package dev.sluice.trust.channel;

import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageVersion;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A channel's present state, verified.
 *
 * @param root the newest root, which signed keys are judged by
 * @param versions the versions of its files, which are stored as seen
 * @param signedAt the youngest time at which one of the files was signed: now is not before
 * @param expires when the first of them expires
 */
public record Channel(
        Metadata.Root root,
        SeenVersions versions,
        Instant signedAt,
        Instant expires,
        List<ChannelPackage> packages) {
    public Channel {
        packages = List.copyOf(packages);
    }

    public ChannelName name() {
        return versions.channel();
    }

    public Optional<ChannelPackage> find(PackageName name, PackageVersion version) {
        return packages.stream()
                .filter(pkg -> pkg.name().equals(name) && pkg.version().equals(version))
                .findFirst();
    }
}
