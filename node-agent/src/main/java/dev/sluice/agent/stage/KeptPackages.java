package dev.sluice.agent.stage;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.v1.KeepPackages;
import dev.sluice.v1.KeptPackage;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the primary told this agent that the cluster needs. Kept in memory only: an agent that was
 * started anew removes nothing until it was told again.
 *
 * <p>Whoever tells it is obeyed, or it would not come here: what is left to decide is the order.
 */
public final class KeptPackages {

    /** Contents that one order may name; more is ignored as a whole. */
    static final int MAX_KEPT = 1_000;

    private static final int MAX_DIGEST_CHARS = 128;
    private static final Logger LOG = LoggerFactory.getLogger(KeptPackages.class);

    private record Told(Ballot ballot, long revision, String digest, Set<String> contents) {

        boolean isAfter(Told other) {
            int byBallot = ballot.compareTo(other.ballot);
            return byBallot > 0
                    || (byBallot == 0 && Long.compareUnsigned(revision, other.revision) >= 0);
        }
    }

    private volatile @Nullable Told told;

    /**
     * Takes an order that came under a ballot that is obeyed.
     *
     * @return whether it holds from now on; an older one than what is known does not
     */
    public synchronized boolean take(Ballot ballot, KeepPackages order) {
        if (order.getPackagesCount() > MAX_KEPT || order.getDigest().length() > MAX_DIGEST_CHARS) {
            LOG.warn(
                    "packages to keep: expected at most {} and a digest of at most {} characters, found {} and {}; ignored",
                    MAX_KEPT,
                    MAX_DIGEST_CHARS,
                    order.getPackagesCount(),
                    order.getDigest().length());
            return false;
        }
        Told next =
                new Told(
                        ballot,
                        order.getRevision(),
                        order.getDigest(),
                        order.getPackagesList().stream()
                                .map(KeptPackage::getContentSha256)
                                .collect(Collectors.toUnmodifiableSet()));
        Told before = told;
        if (before != null && !next.isAfter(before)) {
            LOG.info(
                    "packages to keep: revision {} of ballot {} is older than revision {} of {}; ignored",
                    Long.toUnsignedString(next.revision()),
                    ballot,
                    Long.toUnsignedString(before.revision()),
                    before.ballot());
            return false;
        }
        told = next;
        if (before == null || !before.contents().equals(next.contents())) {
            LOG.info(
                    "packages to keep: {}, revision {} of ballot {}",
                    next.contents().size(),
                    Long.toUnsignedString(next.revision()),
                    ballot);
        }
        return true;
    }

    /** The contents that are kept; empty: not told yet. */
    Optional<Set<String>> contents() {
        return Optional.ofNullable(told).map(Told::contents);
    }

    /** The name of what was told last; empty: nothing was. */
    public String digest() {
        Told now = told;
        return now == null ? "" : now.digest();
    }
}
