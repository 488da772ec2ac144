package dev.sluice.control.state;

import dev.sluice.control.model.PackageRef;
import java.util.Optional;
import org.pcollections.TreePMap;

/**
 * What is remembered about where packages come from and under which terms.
 *
 * @param channels the highest versions seen, by the channel's name
 * @param copies the files of channels as they were read last, by the channel's name; none of a
 *     channel whose files are too large for it
 * @param acceptedTerms the package whose licence terms were accepted, by the SHA-256 of their text
 */
public record Supply(
        TreePMap<String, ChannelVersions> channels,
        TreePMap<String, ChannelCopy> copies,
        TreePMap<String, PackageRef> acceptedTerms) {

    /** More channels than a cluster has uses for. */
    static final int MAX_CHANNELS = 16;

    public static final Supply EMPTY =
            new Supply(TreePMap.empty(), TreePMap.empty(), TreePMap.empty());

    public Optional<ChannelVersions> channel(String name) {
        return Optional.ofNullable(channels.get(name));
    }

    /** The channel's files as they were read last. */
    public Optional<ChannelCopy> copy(String name) {
        return Optional.ofNullable(copies.get(name));
    }

    /** Whether an operator accepted the text with this hash. */
    public boolean isAccepted(String termsSha256) {
        return acceptedTerms.containsKey(termsSha256);
    }

    Supply seen(ChannelVersions versions) {
        return new Supply(channels.plus(versions.channel(), versions), copies, acceptedTerms);
    }

    Supply copied(ChannelCopy copy) {
        return new Supply(channels, copies.plus(copy.versions().channel(), copy), acceptedTerms);
    }

    Supply accepted(PackageRef pkg, String termsSha256) {
        return new Supply(channels, copies, acceptedTerms.plus(termsSha256, pkg));
    }
}
