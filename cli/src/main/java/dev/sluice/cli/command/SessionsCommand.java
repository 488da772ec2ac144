package dev.sluice.cli.command;

import com.google.protobuf.Timestamp;
import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.Documents;
import dev.sluice.cli.render.SessionRecordsTable;
import dev.sluice.v1.ListSessionRecordsRequest;
import dev.sluice.v1.ListSessionRecordsResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Clients' sessions. */
@Command(name = "sessions", description = "Shows records of clients' sessions that ended.")
final class SessionsCommand {
    private SessionsCommand() {}

    static SessionsCommand group() {
        return new SessionsCommand();
    }

    /** Those that ended. */
    @Command(
            name = "records",
            description =
                    "Lists sessions that ended, the last first, as the answering master has them.")
    static final class Records extends ClusterCommand {
        private static final int MAX_LIMIT = 1_000;

        @Option(names = "--node", paramLabel = "ID", description = "Only this node's.")
        private String node = "";

        @Option(
                names = "--since",
                paramLabel = "TIME",
                description =
                        "Only those that ended then or later: an instant such as"
                                + " 2026-03-01T10:00:00Z, or how long ago, such as PT2H.")
        private String since = "";

        @Option(
                names = "--limit",
                paramLabel = "N",
                description = "At most so many, 1 to 1000 (default: 100).")
        private int limit = 100;

        Records(RootCommand root) {
            super(root);
        }

        @Override
        ExitCode run(ClusterClient client) {
            if (limit < 1 || limit > MAX_LIMIT) {
                throw CommandFailure.badInput(
                        "--limit: expected 1 to %d, found %d".formatted(MAX_LIMIT, limit));
            }
            ListSessionRecordsRequest.Builder request =
                    ListSessionRecordsRequest.newBuilder().setNodeId(node).setLimit(limit);
            if (!since.isEmpty()) {
                request.setSince(
                        timestamp(instant(since, root().surroundings().clock().instant())));
            }
            ListSessionRecordsResponse response =
                    client.call(connection ->
                            connection
                                    .within(root().timeout())
                                    .listSessionRecords(request.build()));
            root().print(Documents.of(response), () -> SessionRecordsTable.lines(response));
            return ExitCode.OK;
        }

        private static Instant instant(String text, Instant now) {
            try {
                return text.startsWith("P") || text.startsWith("p")
                        ? now.minus(Duration.parse(text))
                        : Instant.parse(text);
            } catch (DateTimeException | ArithmeticException e) {
                throw CommandFailure.badInput(
                        "--since: expected an instant such as 2026-03-01T10:00:00Z or a duration such as PT2H, found \"%s\""
                                .formatted(text));
            }
        }

        private static Timestamp timestamp(Instant at) {
            return Timestamp.newBuilder()
                    .setSeconds(at.getEpochSecond())
                    .setNanos(at.getNano())
                    .build();
        }
    }
}
