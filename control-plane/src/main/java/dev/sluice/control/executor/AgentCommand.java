package dev.sluice.control.executor;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Desired state for one node, under a ballot. Idempotent: an agent that executed this id returns
 * its recorded result.
 *
 * @param plan the plan it belongs to; empty: none
 * @param step the step it belongs to; empty: none
 */
public record AgentCommand(
        String id, Ballot ballot, String plan, String step, int attempt, AgentWork work) {

    /** What the node is to be or do. */
    public sealed interface AgentWork {

        /**
         * Have a package complete and verified on disk.
         *
         * @param sources of the whole content, or of the first half of one that has two; empty when
         *     there is a patch
         * @param secondHalf sources of its second half; empty: it comes as a whole
         * @param maxBytesPerSecond 0: unlimited
         * @param channels what this cluster has seen of channels; the agent refuses less
         * @param copies of channels that the node verifies itself, and has not as new as this
         */
        record Stage(
                Blob manifest,
                Blob signature,
                List<Location> sources,
                List<Location> secondHalf,
                long maxBytesPerSecond,
                List<ChannelVersions> channels,
                List<ChannelCopy> copies,
                Optional<ByPatch> patch)
                implements AgentWork {
            public Stage {
                sources = List.copyOf(sources);
                secondHalf = List.copyOf(secondHalf);
                channels = List.copyOf(channels);
                copies = List.copyOf(copies);
            }

            /** One of the whole content, in one part. */
            public Stage(
                    Blob manifest,
                    Blob signature,
                    List<Location> sources,
                    long maxBytesPerSecond,
                    List<ChannelVersions> channels) {
                this(
                        manifest,
                        signature,
                        sources,
                        List.of(),
                        maxBytesPerSecond,
                        channels,
                        List.of(),
                        Optional.empty());
            }

            /** What is to be pulled from where. */
            Pull pull() {
                return patch.map(by -> new Pull(by.patch().sha256(), by.sources(), by.secondHalf()))
                        .orElseGet(() -> new Pull("", sources, secondHalf));
            }
        }

        /**
         * A patch, and where to pull it from, best first.
         *
         * @param secondHalf sources of its second half; empty: it comes as a whole
         */
        record ByPatch(ContentPatch patch, List<Location> sources, List<Location> secondHalf) {
            public ByPatch {
                sources = List.copyOf(sources);
                secondHalf = List.copyOf(secondHalf);
            }
        }

        record Install(PackageRef pkg, String contentSha256, boolean cutClients)
                implements AgentWork {}

        record SetAdmission(boolean accepting) implements AgentWork {}

        record CutSessions() implements AgentWork {}

        record Verify(
                SortedMap<PackageName, Version> expected, boolean session, Optional<String> script)
                implements AgentWork {
            public Verify {
                expected = Collections.unmodifiableSortedMap(new TreeMap<>(expected));
            }
        }

        record HoldAddress(String address, Duration lease) implements AgentWork {}

        record PushConfiguration(long revision, Map<String, String> settings) implements AgentWork {
            public PushConfiguration {
                settings = Map.copyOf(settings);
            }
        }
    }

    /**
     * What is pulled from where.
     *
     * @param patch the SHA-256 of a patch; empty: the whole content
     * @param secondHalf sources of the second half; empty: it comes as a whole
     */
    public record Pull(String patch, List<Location> sources, List<Location> secondHalf) {

        static final Pull NOTHING = new Pull("", List.of(), List.of());

        public Pull {
            sources = List.copyOf(sources);
            secondHalf = List.copyOf(secondHalf);
        }
    }

    /**
     * Where a package's content can be pulled from.
     *
     * @param address of its package service
     * @param transferAddress where it speaks the transfer protocol; empty: it does not
     * @param linkBytesPerSecond limit of the link between regions that lies between; 0: none
     */
    public record Location(
            String node, String address, String transferAddress, long linkBytesPerSecond) {

        /** One of a release that does not speak the transfer protocol. */
        public Location(String node, String address) {
            this(node, address, "", 0);
        }
    }
}
