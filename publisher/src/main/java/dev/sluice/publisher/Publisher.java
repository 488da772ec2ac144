package dev.sluice.publisher;

import dev.sluice.control.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code sluice packages build|sign|inspect|verify} and {@code sluice channel ...}. */
@Command(
        name = "sluice",
        description = "Makes packages and channels.",
        mixinStandardHelpOptions = true,
        footer = {"", "Exit codes: 0 done, 1 bad input, 2 refused, 3 not reached, 70 a defect."})
public final class Publisher {
    static final int DONE = 0;
    static final int BAD_INPUT = 1;
    static final int REFUSED = 2;
    static final int UNREACHABLE = 3;

    /** As sysexits.h has it for a fault of the program itself. */
    static final int BUG = 70;

    private Publisher() {}

    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, false, StandardCharsets.UTF_8);
        System.exit(run(InstantSource.system(), out, err, args));
    }

    /** Runs a command; gives back its exit code. */
    static int run(InstantSource clock, PrintWriter out, PrintWriter err, String... args) {
        CommandLine line =
                new CommandLine(new Publisher())
                        .addSubcommand(
                                "packages",
                                new CommandLine(new PackagesGroup())
                                        .addSubcommand(new PackagesBuild(clock))
                                        .addSubcommand(new PackagesSign(clock))
                                        .addSubcommand(new PackagesInspect())
                                        .addSubcommand(new PackagesVerify(clock)))
                        .addSubcommand(
                                "channel",
                                new CommandLine(new ChannelGroup())
                                        .addSubcommand(new ChannelInit(clock))
                                        .addSubcommand(new ChannelPublish(clock))
                                        .addSubcommand(new ChannelRefresh(clock))
                                        .addSubcommand(new ChannelRotate(clock))
                                        .addSubcommand(new ChannelVerify(clock))
                                        .addSubcommand(new ChannelBundle(clock)))
                        .setOut(out)
                        .setErr(err)
                        .setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler((e, _) -> {
            String name = e.getCommandLine().getCommandSpec().qualifiedName();
            err.println(name + ": " + e.getMessage());
            err.println("Try '" + name + " --help'.");
            return BAD_INPUT;
        });
        line.setExecutionExceptionHandler((e, failed, _) -> {
            String name = failed.getCommandSpec().qualifiedName();
            return switch (e) {
                case PublisherException known -> said(err, name, known, known.exit());
                case ConfigException config -> said(err, name, config, BAD_INPUT);
                case IOException io -> said(err, name, io, BAD_INPUT);
                case IllegalArgumentException argument -> said(err, name, argument, BAD_INPUT);
                default -> {
                    err.println(name + ": this is a bug, please report it:");
                    e.printStackTrace(err);
                    yield BUG;
                }
            };
        });
        int exit = line.execute(args);
        out.flush();
        err.flush();
        return exit;
    }

    private static int said(PrintWriter err, String name, Exception e, int exit) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        err.println(name + ": " + message);
        return exit;
    }

    /** What only groups others. */
    @Command(name = "packages", description = "Makes packages.", mixinStandardHelpOptions = true)
    static final class PackagesGroup {}

    /** What only groups others. */
    @Command(name = "channel", description = "Makes channels.", mixinStandardHelpOptions = true)
    static final class ChannelGroup {}
}
