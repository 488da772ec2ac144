package dev.sluice.control;

import dev.sluice.control.config.ConfigException;
import dev.sluice.control.config.ControlPlaneConfig;
import dev.sluice.control.journal.JournalCorruptException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/**
 * The program that runs on a master.
 *
 * <p>Exit codes: 0 stopped by a signal; 1 it can't start as it is configured; 2 wrong arguments; 3
 * the journal can't be trusted or written; 4 superseded by another master. After 3 and 4 it may be
 * started again: it begins passive.
 */
@CommandLine.Command(
        name = "sluice control-plane",
        mixinStandardHelpOptions = true,
        description = "Runs the control plane of a master.")
public final class ControlPlane implements Callable<Integer> {

    private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);

    private static final int EXIT_STOPPED = 0;
    static final int EXIT_BAD_INPUT = 1;
    static final int EXIT_JOURNAL = 3;
    static final int EXIT_SUPERSEDED = 4;

    @CommandLine.Option(
            names = "--config",
            required = true,
            paramLabel = "FILE",
            description = "The configuration, YAML.")
    private @Nullable Path configFile;

    @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

    private ControlPlane() {}

    public static void main(String[] arguments) {
        System.exit(execute(new PrintWriter(System.err, true, StandardCharsets.UTF_8), arguments));
    }

    /** Runs to the end; says in one line why it could not start. */
    static int execute(PrintWriter errors, String... arguments) {
        return new CommandLine(new ControlPlane()).setErr(errors).execute(arguments);
    }

    @Override
    public Integer call() throws InterruptedException {
        if (configFile == null || spec == null) {
            throw new IllegalStateException("picocli sets both");
        }
        PrintWriter errors = spec.commandLine().getErr();
        AtomicInteger status = new AtomicInteger(EXIT_STOPPED);
        CountDownLatch stop = new CountDownLatch(1);
        MasterProcess master;
        try {
            ControlPlaneConfig config = ControlPlaneConfig.read(configFile);
            master =
                    MasterProcess.start(
                            config,
                            Distribution.version(),
                            code -> {
                                status.compareAndSet(EXIT_STOPPED, code);
                                stop.countDown();
                            });
        } catch (JournalCorruptException e) {
            errors.println("sluice control-plane: " + e.getMessage());
            return EXIT_JOURNAL;
        } catch (ConfigException | IOException e) {
            errors.println("sluice control-plane: " + e.getMessage());
            return EXIT_BAD_INPUT;
        }
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    master.close();
                                    if (status.get() == EXIT_STOPPED) {
                                        // SIGTERM is how a master is stopped, not a failure.
                                        Runtime.getRuntime().halt(EXIT_STOPPED);
                                    }
                                },
                                "shutdown"));
        stop.await();
        master.close();
        LOG.info("The control plane stops with status {}", status.get());
        return status.get();
    }
}
