package dev.sluice.cli.command;

import dev.sluice.cli.connect.ClusterAccess;
import dev.sluice.cli.connect.ClusterClient;
import dev.sluice.cli.context.Contexts;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.render.OutputFormat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** {@code sluice} itself: the options that every command has, and what they choose. */
@Command(
        name = "sluice",
        description = "Upgrades clusters of appliances without dropping a session.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Exit codes: 0 done, 1 bad input, 2 refused, 3 unreachable, 4 the watched upgrade halted"
                    + " or was aborted, 70 a defect.",
            "Addresses and certificates come from flags, then from SLUICE_ADDRESS, SLUICE_CA,"
                    + " SLUICE_CERTIFICATE and SLUICE_KEY, then from the context (sluice context)."
        })
public final class RootCommand {
    private final Surroundings surroundings;
    private final Contexts contexts;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table, json or yaml (default: table).",
            scope = ScopeType.INHERIT)
    private OutputFormat format = OutputFormat.TABLE;

    @Option(
            names = "--context",
            paramLabel = "NAME",
            description = "The cluster, by its name in the contexts file.",
            scope = ScopeType.INHERIT)
    private @Nullable String context;

    @Option(
            names = "--address",
            paramLabel = "HOST:PORT",
            description = "Where masters are, separated by commas, tried in this order.",
            scope = ScopeType.INHERIT)
    private @Nullable String address;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "The cluster's authority (PEM).",
            scope = ScopeType.INHERIT)
    private @Nullable Path ca;

    @Option(
            names = "--certificate",
            paramLabel = "FILE",
            description = "Your certificate (PEM).",
            scope = ScopeType.INHERIT)
    private @Nullable Path certificate;

    @Option(
            names = "--key",
            paramLabel = "FILE",
            description = "Your private key (PEM, PKCS#8).",
            scope = ScopeType.INHERIT)
    private @Nullable Path key;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            description = "How long an answer may take, such as PT30S (default: PT10S).",
            scope = ScopeType.INHERIT)
    private Duration timeout = Duration.ofSeconds(10);

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.",
            scope = ScopeType.INHERIT)
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    public RootCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
        this.contexts = new Contexts(surroundings.environment());
    }

    Surroundings surroundings() {
        return surroundings;
    }

    Contexts contexts() {
        return contexts;
    }

    /** How to print; also asked for by whoever prints a failure. */
    public OutputFormat format() {
        return format;
    }

    Duration timeout() {
        if (timeout.isNegative() || timeout.isZero()) {
            throw CommandFailure.badInput(
                    "--timeout: expected a positive duration, found " + timeout);
        }
        return timeout;
    }

    ClusterAccess access() {
        return contexts.resolve(new Contexts.Flags(context, address, ca, certificate, key));
    }

    ClusterClient client() {
        timeout();
        return new ClusterClient(access());
    }

    /** Prints an answer in the chosen form. */
    void print(Map<String, ?> document, Supplier<List<String>> table) {
        if (format == OutputFormat.TABLE) {
            table.get().forEach(surroundings.out()::println);
        } else {
            surroundings.out().println(format.document(document));
        }
    }
}
