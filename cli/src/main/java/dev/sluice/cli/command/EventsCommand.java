package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.connect.Following;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.OutputFormat;
import dev.sluice.cli.render.Words;
import dev.sluice.v1.WatchEventsRequest;
import dev.sluice.v1.WatchEventsResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.Locale;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What was recorded, a line for each event. */
@Command(name = "events", description = "Prints recorded events, and follows new ones.")
final class EventsCommand extends ClusterCommand {
    /** A stream is asked for again after this time, so that none hangs for ever. */
    private static final Duration STREAM_LIMIT = Duration.ofHours(1);

    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    @Option(
            names = "--from",
            paramLabel = "INDEX",
            description = "The first event wanted (default: the oldest kept).")
    private long from = 1;

    @Option(names = "--follow", description = "Goes on with new events until interrupted.")
    private boolean follow;

    @Option(
            names = "--give-up-after",
            paramLabel = "DURATION",
            description = "With --follow: how long masters may be away (default: PT2M).")
    private Duration giveUpAfter = Duration.ofMinutes(2);

    EventsCommand(RootCommand root) {
        super(root);
    }

    @Override
    ExitCode run(ClusterClient client) {
        if (from < 0) {
            throw CommandFailure.badInput("--from: expected 0 or more, found " + from);
        }
        if (!follow) {
            client.call(connection -> {
                Iterator<WatchEventsResponse> events =
                        connection.within(STREAM_LIMIT).watchEvents(request(from, false));
                events.forEachRemaining(this::print);
                return ExitCode.OK;
            });
            return ExitCode.OK;
        }
        Surroundings surroundings = root().surroundings();
        long[] next = {from};
        new Following(client, giveUpAfter, surroundings.nanos(), surroundings.pause(), false)
                .untilLast(
                        connection ->
                                connection.within(STREAM_LIMIT).watchEvents(request(next[0], true)),
                        event -> {
                            print(event);
                            next[0] = event.getIndex() + 1;
                            return false;
                        },
                        reason ->
                                surroundings.err().println("sluice: connecting again: " + reason));
        return ExitCode.OK;
    }

    private static WatchEventsRequest request(long from, boolean follow) {
        return WatchEventsRequest.newBuilder().setFromIndex(from).setFollow(follow).build();
    }

    private void print(WatchEventsResponse event) {
        OutputFormat format = root().format();
        String line =
                format == OutputFormat.TABLE ? line(event) : format.record(Documents.of(event));
        root().surroundings().out().println(line);
    }

    private static String line(WatchEventsResponse event) {
        String line =
                String.format(
                        Locale.ROOT,
                        "%8d  %-24s  %-22s  %s%s",
                        event.getIndex(),
                        event.hasAt() ? Words.instant(event.getAt()) : "-",
                        event.getType(),
                        event.getSummary(),
                        event.getActor().isEmpty() ? "" : " (" + event.getActor() + ")");
        return CONTROL.matcher(line).replaceAll(" ");
    }
}
