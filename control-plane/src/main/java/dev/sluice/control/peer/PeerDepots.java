package dev.sluice.control.peer;

import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.OtherDepots;
import dev.sluice.control.model.NodeId;
import dev.sluice.v1.PackageSourceServiceGrpc;
import dev.sluice.v1.ReadRequest;
import dev.sluice.v1.ReadResponse;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** The other masters' depots, read through their package service. */
public final class PeerDepots implements OtherDepots {

    /** A master that sends nothing for so long is given up. */
    private static final long LONGEST_SILENCE_SECONDS = 10;

    private final SortedMap<NodeId, Channel> channels;
    private final ScheduledExecutorService timer;

    /**
     * Depots.
     *
     * @param channels to the other masters
     * @param timer where silence is noticed; only cancels calls
     */
    public PeerDepots(
            SortedMap<NodeId, ? extends Channel> channels, ScheduledExecutorService timer) {
        this.channels = new TreeMap<>(channels);
        this.timer = timer;
    }

    @Override
    public List<NodeId> masters() {
        return List.copyOf(channels.keySet());
    }

    @Override
    public InputStream open(NodeId master, ContentId id, long offset) throws IOException {
        Channel channel = channels.get(master);
        if (channel == null) {
            throw new IOException("master %s is not configured here".formatted(master));
        }
        return new Reading(channel, id, offset);
    }

    private final class Reading extends InputStream {
        private final Context.CancellableContext context = Context.ROOT.withCancellation();
        private final Iterator<ReadResponse> responses;
        private ByteBuffer data = ByteBuffer.allocate(0);

        Reading(Channel channel, ContentId id, long offset) throws IOException {
            try {
                responses =
                        context.call(() ->
                                PackageSourceServiceGrpc.newBlockingStub(channel)
                                        .read(
                                                ReadRequest.newBuilder()
                                                        .setContentSha256(id.sha256())
                                                        .setOffset(offset)
                                                        .build()));
            } catch (Exception e) {
                close();
                throw new IOException(words(e), e);
            }
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int start, int length) throws IOException {
            while (!data.hasRemaining()) {
                if (!hasNext()) {
                    return -1;
                }
                data = responses.next().getData().asReadOnlyByteBuffer();
            }
            int count = Math.min(length, data.remaining());
            data.get(into, start, count);
            return count;
        }

        private boolean hasNext() throws IOException {
            ScheduledFuture<?> silence =
                    timer.schedule(
                            () ->
                                    context.cancel(
                                            new IOException(
                                                    "it sent nothing for %d s"
                                                            .formatted(LONGEST_SILENCE_SECONDS))),
                            LONGEST_SILENCE_SECONDS,
                            TimeUnit.SECONDS);
            try {
                return responses.hasNext();
            } catch (StatusRuntimeException e) {
                throw new IOException(words(e), e);
            } finally {
                silence.cancel(false);
            }
        }

        @Override
        public void close() {
            context.cancel(null);
        }
    }

    private static String words(Exception e) {
        Status status = Status.fromThrowable(e);
        String description = status.getDescription();
        return description == null
                ? status.getCode().name()
                : status.getCode() + ": " + description;
    }
}
