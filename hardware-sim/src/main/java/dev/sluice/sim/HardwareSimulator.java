package dev.sluice.sim;

import dev.sluice.sim.rack.InvalidRack;
import dev.sluice.sim.rack.RackFile;
import dev.sluice.sim.redfish.Credentials;
import dev.sluice.sim.redfish.Listen;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line: simulates the appliances of a rack file until it is told to stop. */
@Command(
        name = "hardware-sim",
        mixinStandardHelpOptions = true,
        description = "Simulates appliances, each behind a Redfish service of its own.",
        sortOptions = false)
public final class HardwareSimulator implements Callable<Integer> {

    private static final Logger LOG = LoggerFactory.getLogger(HardwareSimulator.class);
    private static final int EXIT_STOPPED = 0;
    private static final int EXIT_UNUSABLE = 1;

    @Option(
            names = "--rack",
            required = true,
            paramLabel = "FILE",
            description = "The appliances, YAML or JSON.")
    private Path rack = Path.of("");

    @Option(
            names = "--state",
            required = true,
            paramLabel = "DIR",
            description = "Where they keep their state.")
    private Path state = Path.of("");

    @Option(
            names = "--credentials",
            required = true,
            paramLabel = "FILE",
            description = "Lines user:password; the file must have mode 0600.")
    private Path credentials = Path.of("");

    @Option(
            names = "--tls-cert",
            paramLabel = "PEM",
            description = "The certificate chain for HTTPS.")
    private @Nullable Path certificate;

    @Option(
            names = "--tls-key",
            paramLabel = "PEM",
            description = "The certificate's private key, PKCS #8.")
    private @Nullable Path key;

    @Option(
            names = "--bind",
            paramLabel = "HOST",
            description = "The address to bind; default ${DEFAULT-VALUE}.")
    private String host = "127.0.0.1";

    @Option(
            names = "--insecure-loopback",
            description = "Plain HTTP instead of HTTPS; only with a loopback address in --bind.")
    private boolean insecureLoopback;

    @Option(
            names = "--max-image-bytes",
            paramLabel = "N",
            description = "The largest base image that is taken; default ${DEFAULT-VALUE}.")
    private long maxImageBytes = RunningRack.DEFAULT_MAX_IMAGE_BYTES;

    private HardwareSimulator() {}

    /** Exit codes: 0 stopped by SIGTERM or SIGINT, 1 could not start. */
    public static void main(String[] arguments) {
        CommandLine commandLine = new CommandLine(new HardwareSimulator());
        commandLine.setParameterExceptionHandler((wrong, _) -> {
            System.err.println("hardware-sim: " + wrong.getMessage());
            return EXIT_UNUSABLE;
        });
        System.exit(commandLine.execute(arguments));
    }

    @Override
    public Integer call() throws InterruptedException {
        RunningRack running;
        try {
            running =
                    RunningRack.start(
                            RackFile.read(rack),
                            state,
                            Credentials.read(credentials),
                            listen(),
                            maxImageBytes,
                            System::nanoTime,
                            InstantSource.system());
        } catch (IOException | InvalidRack e) {
            System.err.println("hardware-sim: " + explain(e));
            return EXIT_UNUSABLE;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(running), "shutdown"));
        System.out.println(running.readyLine());
        new CountDownLatch(1).await();
        return EXIT_STOPPED;
    }

    private static void stop(RunningRack running) {
        try {
            running.close();
        } catch (IOException e) {
            LOG.error("stopped with an error: {}", e.getMessage());
        }
        // A signal is how the simulator is stopped, not a failure: exit 0 instead of 143.
        Runtime.getRuntime().halt(EXIT_STOPPED);
    }

    private Listen listen() throws IOException {
        Path chain = certificate;
        Path privateKey = key;
        if (insecureLoopback) {
            if (chain != null || privateKey != null) {
                throw new IOException(
                        "--insecure-loopback and --tls-cert or --tls-key exclude each other; give one");
            }
            return new Listen(host, Optional.empty());
        }
        if (chain == null || privateKey == null) {
            throw new IOException(
                    "--tls-cert and --tls-key: expected both, found "
                            + (chain == null && privateKey == null ? "none" : "one")
                            + "; give them, or --insecure-loopback for plain HTTP on loopback");
        }
        return new Listen(host, Optional.of(new Listen.Tls(chain, privateKey)));
    }

    private static String explain(Exception e) {
        return switch (e) {
            case NoSuchFileException missing ->
                    missing.getFile() + ": no such file; check the path";
            case AccessDeniedException denied ->
                    denied.getFile() + ": access denied; check owner and mode";
            case FileSystemException other ->
                    other.getFile()
                            + ": "
                            + (other.getReason() == null ? other.toString() : other.getReason());
            default -> String.valueOf(e.getMessage());
        };
    }
}
