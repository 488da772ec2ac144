package dev.sluice.cli.command;

import dev.sluice.cli.connect.Following;
import java.io.PrintStream;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What a command needs from the process it runs in.
 *
 * @param out answers
 * @param err messages
 * @param environment variables
 * @param clock what times are shown against
 * @param nanos a monotonic clock for give-up times
 * @param pause how attempts are spaced
 * @param drawable whether the output is a terminal that can be drawn on
 * @param typed the next line that the operator types; empty: there is none
 */
public record Surroundings(
        PrintStream out,
        PrintStream err,
        Map<String, String> environment,
        InstantSource clock,
        LongSupplier nanos,
        Following.Pause pause,
        BooleanSupplier drawable,
        Supplier<Optional<String>> typed) {
    public Surroundings {
        environment = Map.copyOf(environment);
    }
}
