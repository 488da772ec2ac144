package dev.sluice.control.peer;

import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.OtherDepots;
import dev.sluice.control.model.NodeId;
import dev.sluice.transfer.pull.Source;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.v1.DepotServiceGrpc;
import dev.sluice.v1.LocateRequest;
import dev.sluice.v1.LocateResponse;
import dev.sluice.v1.PatchOffer;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The other masters' depots, asked over gRPC. */
public final class PeerDepots implements OtherDepots {

    /** For the answer of one master, its connection included. */
    private static final long LONGEST_ANSWER_SECONDS = 5;

    private final SortedMap<NodeId, Channel> channels;

    /**
     * Depots.
     *
     * @param channels to the other masters
     */
    public PeerDepots(SortedMap<NodeId, ? extends Channel> channels) {
        this.channels = new TreeMap<>(channels);
    }

    @Override
    public Found find(ContentId id) {
        LocateRequest request = LocateRequest.newBuilder().setContentSha256(id.sha256()).build();
        Answers answers = new Answers();
        channels.forEach((master, channel) -> {
            try {
                answers.add(
                        master,
                        DepotServiceGrpc.newBlockingStub(channel)
                                .withDeadlineAfter(LONGEST_ANSWER_SECONDS, TimeUnit.SECONDS)
                                .locate(request));
            } catch (StatusRuntimeException e) {
                answers.others.put(master, words(e.getStatus()));
            } catch (IllegalArgumentException e) {
                answers.others.put(master, "its answer makes no sense: " + e.getMessage());
            }
        });
        return answers.found();
    }

    /** What masters answered, for one thread. */
    private static final class Answers {
        private final List<Source> sources = new ArrayList<>();
        private final Map<OtherDepots.Patch, List<Source>> patches = new LinkedHashMap<>();
        private final Set<String> inMaking = new HashSet<>();
        private final SortedMap<NodeId, String> others = new TreeMap<>();

        /** All of an answer or, by an exception, nothing of it. */
        void add(NodeId master, LocateResponse at) {
            Source source = new Source(master.value(), at.getHost(), at.getPort(), 0);
            List<OtherDepots.Patch> offered =
                    at.getPatchesList().stream()
                            .limit(DepotEndpoint.MAX_PATCHES)
                            .map(PeerDepots::patch)
                            .toList();
            List<String> making =
                    at.getBasesInMakingList().stream()
                            .limit(DepotEndpoint.MAX_PATCHES)
                            .map(base -> new ContentId(base).sha256())
                            .toList();
            sources.add(source);
            offered.forEach(
                    patch -> patches.computeIfAbsent(patch, _ -> new ArrayList<>()).add(source));
            inMaking.addAll(making);
        }

        Found found() {
            List<OtherDepots.Patch> merged = new ArrayList<>();
            patches.forEach((patch, from) ->
                    merged.add(new OtherDepots.Patch(patch.baseSha256(), patch.content(), from)));
            return new Found(sources, merged, inMaking, others);
        }
    }

    private static OtherDepots.Patch patch(PatchOffer offer) {
        return new OtherDepots.Patch(
                new ContentId(offer.getBaseSha256()).sha256(),
                new PackageContent(
                        offer.getSize(),
                        new Sha256(offer.getSha256()),
                        PackageContent.LEAF_SIZE,
                        new Sha256(offer.getMerkleRoot())),
                List.of());
    }

    private static String words(Status status) {
        String description = status.getDescription();
        return description == null
                ? status.getCode().name()
                : status.getCode() + ": " + description;
    }
}
