package dev.sluice.control.executor;

import dev.sluice.control.model.PackageRef;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Installations;
import dev.sluice.control.state.PackageNeeds;
import dev.sluice.control.state.PackageRecord;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What agents are told to keep: the same for all of them, since any may be the source of another.
 * Desired state, told again while a report shows another digest.
 *
 * @param revision the journal's index that it was decided at: under one ballot it only grows
 * @param digest names the set; equal sets have equal ones
 */
public record KeepOrder(long revision, String digest, List<Kept> packages) {

    /** More than agents take; then they are told nothing, and remove nothing. */
    public static final int MAX_PACKAGES = 1_000;

    public KeepOrder {
        packages = List.copyOf(packages);
    }

    /** A package with the digest of its content. */
    public record Kept(PackageRef ref, String contentSha256) {}

    /** The order that follows from a state; empty: it would be too long. */
    static Optional<KeepOrder> of(ClusterState state, Installations installed) {
        List<PackageRecord> needed = PackageNeeds.of(state, installed).needed();
        if (needed.size() > MAX_PACKAGES) {
            return Optional.empty();
        }
        return Optional.of(
                new KeepOrder(
                        state.index(),
                        digest(needed),
                        needed.stream()
                                .map(pkg -> new Kept(pkg.ref(), pkg.contentSha256()))
                                .toList()));
    }

    private static String digest(List<PackageRecord> needed) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            for (PackageRecord pkg : needed) {
                sha256.update(pkg.contentSha256().getBytes(StandardCharsets.US_ASCII));
                sha256.update((byte) '\n');
            }
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
