package dev.sluice.control.api;

import dev.sluice.control.channel.ChannelAccess;
import dev.sluice.control.channel.TimeSource;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ChannelCopy;
import dev.sluice.control.state.ChannelVersions;
import dev.sluice.control.state.Command;
import dev.sluice.trust.channel.Channel;
import dev.sluice.trust.channel.ChannelClient;
import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.ChannelOutcome;
import dev.sluice.trust.channel.ChannelSource;
import dev.sluice.trust.channel.ClockBound;
import dev.sluice.trust.channel.RememberingSource;
import dev.sluice.trust.channel.SeenStore;
import dev.sluice.trust.channel.SeenVersions;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads channels with the journal as their memory: what was seen is committed before it counts. */
final class ChannelReading {

    private static final Logger LOG = LoggerFactory.getLogger(ChannelReading.class);

    private final ChannelAccess access;
    private final Controller controller;
    private final OperatorWrites writes;
    private final InstantSource clock;
    private final TimeSource time;

    ChannelReading(
            ChannelAccess access,
            Controller controller,
            OperatorWrites writes,
            InstantSource clock,
            TimeSource time) {
        this.access = access;
        this.controller = controller;
        this.writes = writes;
        this.clock = clock;
        this.time = time;
    }

    /**
     * The channel as the source has it.
     *
     * @throws io.grpc.StatusRuntimeException when it is refused; about dates, the message names
     *     this clock's source
     */
    Channel read(ChannelSource source) {
        RememberingSource remembering = new RememberingSource(source);
        return switch (new ChannelClient(access.pinnedRoot(), new Journalled(), clock)
                .read(remembering)) {
            case ChannelOutcome.Current(Channel channel) -> {
                copy(channel, remembering.given());
                yield channel;
            }
            case ChannelOutcome.Refused(var reason, String message) ->
                    throw ApiErrors.refused(
                            "channel",
                            switch (reason) {
                                case CLOCK, EXPIRED -> message + "; " + time.describe();
                                case OLDER_THAN_SEEN, TAMPERED, UNAVAILABLE -> message;
                            });
        };
    }

    /** Keeps what was read for the nodes that verify it themselves. */
    private void copy(Channel channel, SortedMap<String, byte[]> given) {
        SortedMap<String, Blob> files = new TreeMap<>();
        given.forEach((name, bytes) -> files.put(name, Blob.of(bytes)));
        if (ChannelCopy.fits(files)) {
            ChannelCopy copy = new ChannelCopy(versions(channel.versions()), files);
            try {
                var _ = writes.submit(new Command.CopyChannel(copy));
            } catch (StatusRuntimeException e) {
                // What was read is right all the same, and the next reading keeps it.
                LOG.warn(
                        "channel {}: its files are not kept for the nodes: {}",
                        channel.name(),
                        e.getMessage());
            }
        } else {
            LOG.warn(
                    "channel {}: its files are more than {} bytes together; nodes that pin its root can't verify this state",
                    channel.name(),
                    ChannelCopy.MAX_BYTES);
        }
    }

    private static ChannelVersions versions(SeenVersions seen) {
        return new ChannelVersions(
                seen.channel().value(),
                seen.root(),
                seen.timestamp(),
                seen.snapshot(),
                seen.targets());
    }

    /** Refuses to go on while this clock is behind a time that is known to have passed. */
    void requireClock(Instant passed, String event) {
        ClockBound bound = new ClockBound(passed, event);
        Instant now = clock.instant();
        if (bound.isAhead(now)) {
            throw ApiErrors.refused("clock", bound.complaint(now) + "; " + time.describe());
        }
    }

    /** What was seen of the channel whose root is pinned. */
    Optional<SeenVersions> seen(ChannelName name) {
        return controller
                .state()
                .supply()
                .channel(name.value())
                .map(v ->
                        new SeenVersions(name, v.root(), v.timestamp(), v.snapshot(), v.targets()));
    }

    private final class Journalled implements SeenStore {
        @Override
        public SeenVersions seen(ChannelName channel) {
            return ChannelReading.this.seen(channel).orElseGet(() -> SeenVersions.none(channel));
        }

        @Override
        public void store(SeenVersions seen) throws IOException {
            var _ = writes.submit(new Command.SeeChannel(versions(seen)));
        }
    }
}
