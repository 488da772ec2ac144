package dev.sluice.control.executor;

import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.PackageRecord;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an agent last reported of its node.
 *
 * @param sessions connected clients by kind
 * @param heldAddress the shared address while the node holds it; empty otherwise
 * @param executing id of the command being executed; empty when idle
 * @param activity what the agent is doing, in words
 * @param receivedBytes bytes of packages received, by the node they came from
 * @param interlock why power actions are interlocked; empty: they are not
 * @param keeping what it keeps and what it removed to make room
 * @param uplinkBytesPerSecond as it was measured last, of all pulls that it served together; 0: not
 *     yet
 * @param verified what it has verified of the channels whose roots it has pinned, by their names
 */
public record NodeFacts(
        SortedMap<PackageName, Version> installed,
        List<Staged> staged,
        Service service,
        boolean accepting,
        SortedMap<String, Integer> sessions,
        String heldAddress,
        long configurationRevision,
        String executing,
        String activity,
        SortedMap<String, Long> receivedBytes,
        long diskFreeBytes,
        String interlock,
        String hardwareFault,
        Keeping keeping,
        long uplinkBytesPerSecond,
        SortedMap<String, VerifiedChannel> verified) {

    public NodeFacts {
        installed = Collections.unmodifiableSortedMap(new TreeMap<>(installed));
        staged = List.copyOf(staged);
        sessions = Collections.unmodifiableSortedMap(new TreeMap<>(sessions));
        receivedBytes = Collections.unmodifiableSortedMap(new TreeMap<>(receivedBytes));
        verified = Collections.unmodifiableSortedMap(new TreeMap<>(verified));
    }

    /** Of an agent that says nothing of what it keeps. */
    public NodeFacts(
            SortedMap<PackageName, Version> installed,
            List<Staged> staged,
            Service service,
            boolean accepting,
            SortedMap<String, Integer> sessions,
            String heldAddress,
            long configurationRevision,
            String executing,
            String activity,
            SortedMap<String, Long> receivedBytes,
            long diskFreeBytes,
            String interlock,
            String hardwareFault) {
        this(
                installed,
                staged,
                service,
                accepting,
                sessions,
                heldAddress,
                configurationRevision,
                executing,
                activity,
                receivedBytes,
                diskFreeBytes,
                interlock,
                hardwareFault,
                Keeping.UNTOLD,
                0,
                new TreeMap<>());
    }

    /** The versions of a channel's root and targets; 0: nothing is verified yet. */
    public record VerifiedChannel(long root, long targets) {}

    /** Whether the node verifies this channel itself, and knows an older state of it. */
    boolean lacks(ChannelCopy copy) {
        VerifiedChannel known = verified.get(copy.versions().channel());
        return known != null && copy.isNews(known.root(), known.targets());
    }

    /**
     * What the agent keeps of packages that it does not run.
     *
     * @param previous what its slots held before
     * @param digest of the order that it was told last, empty when it was told none; absent: it
     *     does not know that order
     * @param removed what it removed to make room, the last ones, in words
     */
    public record Keeping(
            SortedMap<PackageName, Version> previous,
            Optional<String> digest,
            List<String> removed) {

        static final Keeping UNTOLD = new Keeping(new TreeMap<>(), Optional.empty(), List.of());

        public Keeping {
            previous = Collections.unmodifiableSortedMap(new TreeMap<>(previous));
            removed = List.copyOf(removed);
        }
    }

    /**
     * The process that the node exists for.
     *
     * @param version what the process itself answered; empty when it did not
     * @param address where clients reach it; empty on a master
     */
    public record Service(
            boolean running, String version, boolean healthy, String detail, String address) {}

    /**
     * A package on the node's disk, whole or in part.
     *
     * @param source the transfer address that it is pulled from now, or the first half of a content
     *     that has two; empty: none
     * @param failedSources transfer addresses that were given up lately
     * @param secondHalfSource the transfer address that the second half is pulled from now; empty:
     *     none
     * @param patching what patches have to do with it
     * @param about what it is by its manifest; absent: the agent did not say it so that it makes
     *     sense
     */
    public record Staged(
            String contentSha256,
            long bytesPresent,
            long bytesTotal,
            boolean complete,
            String source,
            SortedSet<String> failedSources,
            String secondHalfSource,
            Patching patching,
            Optional<About> about) {

        public Staged {
            failedSources = Collections.unmodifiableSortedSet(new TreeSet<>(failedSources));
        }

        /** One that is not being pulled. */
        public Staged(String contentSha256, long bytesPresent, long bytesTotal, boolean complete) {
            this(
                    contentSha256,
                    bytesPresent,
                    bytesTotal,
                    complete,
                    "",
                    new TreeSet<>(),
                    "",
                    Patching.NONE,
                    Optional.empty());
        }

        /** Whether any part of it is being pulled now. */
        boolean isPulled() {
            return !source.isEmpty() || !secondHalfSource.isEmpty();
        }

        /** Bytes of a patch by which it comes or came. */
        long presentOf(ContentPatch patch) {
            return patching.patch().equals(patch.sha256()) ? patching.bytesPresent() : 0;
        }
    }

    /**
     * What a node says of a package that it has.
     *
     * @param merkleRoot of its leaves, lower-case hexadecimal
     */
    public record About(PackageRef ref, String merkleRoot) {}

    /**
     * What patches have to do with a package on a node's disk.
     *
     * @param isBase patches can be applied to it there
     * @param patch the SHA-256 of the patch by which it comes, or came and which is still there;
     *     empty: none
     * @param bytesPresent of that patch
     * @param failed SHA-256 of those that did not make it
     */
    public record Patching(
            boolean isBase, String patch, long bytesPresent, SortedSet<String> failed) {

        public static final Patching NONE = new Patching(false, "", 0, new TreeSet<>());

        public Patching {
            failed = Collections.unmodifiableSortedSet(new TreeSet<>(failed));
        }
    }

    public int clients() {
        return sessions.values().stream().mapToInt(Integer::intValue).sum();
    }

    public boolean hasInstalled(PackageRef ref) {
        Version version = installed.get(ref.name());
        return version != null && version.equals(ref.version());
    }

    /** What is here of a content. */
    public Optional<Staged> staged(String contentSha256) {
        return staged.stream().filter(s -> s.contentSha256().equals(contentSha256)).findFirst();
    }

    public boolean hasStaged(String contentSha256) {
        return staged.stream()
                .anyMatch(s -> s.complete() && s.contentSha256().equals(contentSha256));
    }

    /** Whether a patch against this content can be applied there. */
    public boolean isPatchable(String contentSha256) {
        return staged(contentSha256).filter(s -> s.complete() && s.patching().isBase()).isPresent();
    }

    /** Whether it has a package neither on its disk nor installed. */
    public boolean lacks(PackageRecord pkg) {
        return !hasStaged(pkg.contentSha256()) && !hasInstalled(pkg.ref());
    }
}
