package dev.sluice.cli.connect;

import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.v1.GetStatusResponse;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reaches one certain master of a cluster: the primary, or one by its name. */
public final class OneMaster {
    private final ClusterClient client;
    private final Duration limit;

    /**
     * Finds masters among a client's addresses.
     *
     * @param limit of each question who answers
     */
    public OneMaster(ClusterClient client, Duration limit) {
        this.client = client;
        this.limit = limit;
    }

    /** The master that says of itself that it is the primary; empty: none that answers does. */
    public Optional<String> primary() {
        GetStatusResponse[] found = new GetStatusResponse[1];
        @Nullable Connection connection =
                client.find(
                        status -> {
                            found[0] = status;
                            return !status.getPrimary().isEmpty()
                                    && status.getPrimary().equals(status.getAnsweredBy());
                        },
                        limit,
                        new LinkedHashMap<>());
        return connection == null ? Optional.empty() : Optional.of(found[0].getPrimary());
    }

    /**
     * Calls a master by its name.
     *
     * @throws CommandFailure when none of the addresses leads to it, or the answer is an error
     */
    public <T> T call(String master, Function<Connection, T> call) {
        Map<String, String> tried = new LinkedHashMap<>();
        @Nullable Connection connection =
                client.find(status -> status.getAnsweredBy().equals(master), limit, tried);
        if (connection == null) {
            tried.put(
                    "next", "name its address with --address, and see that its control plane runs");
            throw new CommandFailure(
                    ExitCode.UNREACHABLE,
                    "master %s could not be reached at any address that is known".formatted(master),
                    tried);
        }
        try {
            return call.apply(connection);
        } catch (StatusRuntimeException e) {
            throw Failures.of(e).with("master", connection.address().toString());
        }
    }
}
