package dev.sluice.cli.command;

import dev.sluice.cli.connect.Following;
import java.io.PrintStream;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

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
 */
public record Surroundings(
        PrintStream out,
        PrintStream err,
        Map<String, String> environment,
        InstantSource clock,
        LongSupplier nanos,
        Following.Pause pause,
        BooleanSupplier drawable) {
    public Surroundings {
        environment = Map.copyOf(environment);
    }
}
