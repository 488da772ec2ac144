package dev.sluice.cli.command;

import dev.sluice.cli.outcome.CommandFailure;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** A program that the launcher starts instead of this one; here for the help's list. */
@Command
final class ElsewhereCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;
    @Unmatched private List<String> arguments = List.of();

    @Override
    public Integer call() {
        String name = spec == null ? "it" : spec.name();
        throw CommandFailure.badInput(
                "'"
                        + name
                        + "' is a program of its own: start it with the launcher, as the first word"
                        + " (sluice "
                        + name
                        + (arguments.isEmpty() ? "" : " " + String.join(" ", arguments))
                        + ")");
    }
}
