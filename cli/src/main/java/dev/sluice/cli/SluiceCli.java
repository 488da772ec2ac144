package dev.sluice.cli;

import dev.sluice.cli.command.Commands;
import dev.sluice.cli.command.RootCommand;
import dev.sluice.cli.command.Surroundings;
import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.cli.render.LiveScreen;
import dev.sluice.cli.render.OutputFormat;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The operator's command line: {@code main}, and how failures become messages and exit codes. */
public final class SluiceCli {
    private SluiceCli() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        Surroundings surroundings =
                new Surroundings(
                        System.out,
                        System.err,
                        System.getenv(),
                        InstantSource.system(),
                        System::nanoTime,
                        length -> {
                            LockSupport.parkNanos(length.toNanos());
                            if (Thread.interrupted()) {
                                throw new InterruptedException();
                            }
                        },
                        LiveScreen::isPossible,
                        SluiceCli::typed);
        int exitCode = run(surroundings, arguments);
        surroundings.out().flush();
        System.exit(exitCode);
    }

    /** One line of standard input, at most. */
    private static Optional<String> typed() {
        try {
            return Optional.ofNullable(
                    new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                            .readLine());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Runs one command. */
    static int run(Surroundings surroundings, String... arguments) {
        RootCommand root = new RootCommand(surroundings);
        CommandLine line = Commands.tree(root);
        line.setOut(new PrintWriter(surroundings.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(surroundings.err(), true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler((e, _) -> misused(surroundings, e));
        line.setExecutionExceptionHandler((e, _, _) -> {
            CommandFailure failure =
                    e instanceof CommandFailure known ? known : defect(surroundings, e);
            report(surroundings, root.format(), failure);
            return failure.exitCode().number();
        });
        return line.execute(arguments);
    }

    private static int misused(Surroundings surroundings, ParameterException e) {
        CommandLine command = e.getCommandLine();
        surroundings.err().println("sluice: " + e.getMessage());
        List<String> suggestions =
                e instanceof UnmatchedArgumentException unmatched
                        ? unmatched.getSuggestions()
                        : List.of();
        if (!suggestions.isEmpty()) {
            surroundings.err().println("  did you mean: " + String.join(", ", suggestions) + "?");
        }
        surroundings
                .err()
                .println("  next: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.BAD_INPUT.number();
    }

    private static CommandFailure defect(Surroundings surroundings, Exception e) {
        if (surroundings.environment().containsKey("SLUICE_TRACE")) {
            e.printStackTrace(surroundings.err());
        }
        return new CommandFailure(
                ExitCode.INTERNAL,
                "a defect of the command line: " + e,
                Map.of("next", "run it again with SLUICE_TRACE=1 and report what it prints"));
    }

    private static void report(
            Surroundings surroundings, OutputFormat format, CommandFailure failure) {
        if (format == OutputFormat.TABLE) {
            surroundings.err().println("sluice: " + failure.text());
            failure.details()
                    .forEach((name, value) ->
                            surroundings.err().println("  " + name + ": " + value));
            return;
        }
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("message", failure.text());
        error.put("exitCode", failure.exitCode().number());
        error.put("details", failure.details());
        surroundings.err().println(format.document(Map.of("error", error)));
    }
}
