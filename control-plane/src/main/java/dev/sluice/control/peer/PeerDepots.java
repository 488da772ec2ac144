package dev.sluice.control.peer;

import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.OtherDepots;
import dev.sluice.control.model.NodeId;
import dev.sluice.transfer.pull.Source;
import dev.sluice.v1.DepotServiceGrpc;
import dev.sluice.v1.LocateRequest;
import dev.sluice.v1.LocateResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
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
        List<Source> sources = new ArrayList<>();
        SortedMap<NodeId, String> others = new TreeMap<>();
        channels.forEach((master, channel) -> {
            try {
                LocateResponse at =
                        DepotServiceGrpc.newBlockingStub(channel)
                                .withDeadlineAfter(LONGEST_ANSWER_SECONDS, TimeUnit.SECONDS)
                                .locate(request);
                sources.add(new Source(master.value(), at.getHost(), at.getPort(), 0));
            } catch (StatusRuntimeException e) {
                others.put(master, words(e.getStatus()));
            } catch (IllegalArgumentException e) {
                others.put(master, "its answer makes no sense: " + e.getMessage());
            }
        });
        return new Found(sources, others);
    }

    private static String words(Status status) {
        String description = status.getDescription();
        return description == null
                ? status.getCode().name()
                : status.getCode() + ": " + description;
    }
}
