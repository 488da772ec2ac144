package dev.sluice.loadtest;

import dev.sluice.loadtest.bench.BenchCommand;
import dev.sluice.loadtest.demo.DemoCommand;
import picocli.CommandLine;

/** The program behind {@code sluice demo} and {@code sluice bench}. */
@CommandLine.Command(
        name = "sluice",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {DemoCommand.class, BenchCommand.class})
public final class Main {

    private static final int EXIT_BAD_INPUT = 1;

    private Main() {}

    public static void main(String[] arguments) {
        // Several programs are on this class path, each with a logback.xml of its own.
        System.setProperty("logback.configurationFile", "loadtest-logback.xml");
        CommandLine program = new CommandLine(new Main());
        CommandLine.IParameterExceptionHandler usage =
                (wrong, _) -> {
                    System.err.println("sluice: " + wrong.getMessage());
                    return EXIT_BAD_INPUT;
                };
        program.setParameterExceptionHandler(usage);
        program.getSubcommands().values().forEach(sub -> sub.setParameterExceptionHandler(usage));
        System.exit(program.execute(arguments));
    }
}
