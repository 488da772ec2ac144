package dev.sluice.agent;

import dev.sluice.agent.config.AgentConfig;
import dev.sluice.agent.config.ConfigException;
import dev.sluice.agent.config.ConfigFile;
import dev.sluice.agent.hardware.Hardware;
import dev.sluice.agent.hardware.NoHardware;
import dev.sluice.agent.hardware.RedfishHardware;
import dev.sluice.agent.ledger.FileLedgerStorage;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.LedgerBrokenException;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.trust.x509.CredentialsException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The agent's command line. Exit codes: 0 ended as asked, 1 could not start, 2 wrong arguments, 3
 * the ledger broke. After 3 it is to be started again.
 */
@Command(
        name = "sluice-agent",
        description = "The agent of a node.",
        mixinStandardHelpOptions = true,
        subcommands = AgentMain.Provision.class)
public final class AgentMain implements Callable<Integer> {

    private static final int EXIT_UNUSABLE = 1;
    static final int EXIT_LEDGER = 3;

    @Spec private @Nullable CommandSpec spec;

    @Option(names = "--config", description = "The agent's configuration (agent.yaml).")
    private @Nullable Path config;

    public static void main(String[] arguments) {
        StandardErrorLog.install();
        System.exit(execute(new PrintWriter(System.err, true, StandardCharsets.UTF_8), arguments));
    }

    /** Runs to the end; says in one line on standard error why it could not. */
    public static int execute(PrintWriter errors, String... arguments) {
        return new CommandLine(new AgentMain())
                .setErr(errors)
                .setExecutionExceptionHandler((failure, commandLine, _) -> {
                    PrintWriter err = commandLine.getErr();
                    if (failure instanceof IOException || failure instanceof ConfigException) {
                        err.println("sluice-agent: " + failure.getMessage());
                    } else {
                        failure.printStackTrace(err);
                    }
                    err.flush();
                    return EXIT_UNUSABLE;
                })
                .execute(arguments);
    }

    @Override
    public Integer call() throws Exception {
        if (config == null) {
            throw new CommandLine.ParameterException(
                    commandLine(), "Missing required option: --config=<config>");
        }
        Opened opened = open(config);
        try (FileChannel lock = opened.lock()) {
            Hardware hardware = hardware(opened.config());
            Ledger ledger =
                    Ledger.open(
                            new FileLedgerStorage(opened.layout().ledger()),
                            opened.config().nodeId());
            Agent agent =
                    new Agent(
                            opened.config(),
                            ledger,
                            hardware,
                            opened.identity(),
                            opened.signatures(),
                            version(),
                            new SplittableRandom());
            agent.start();
            return awaitEnd(agent, lock, ledger.broken(), commandLine().getErr());
        }
    }

    private CommandLine commandLine() {
        if (spec == null) {
            throw new IllegalStateException("picocli has not set the command");
        }
        return spec.commandLine();
    }

    private static int awaitEnd(
            Agent agent,
            FileChannel lock,
            CompletableFuture<LedgerBrokenException> broken,
            PrintWriter errors)
            throws InterruptedException {
        AtomicInteger status = new AtomicInteger();
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    try (lock) {
                                        agent.close();
                                    } catch (IOException e) {
                                        System.err.println("sluice-agent: " + e);
                                    }
                                    // SIGTERM is how an agent is stopped, not a failure.
                                    Runtime.getRuntime().halt(status.get());
                                },
                                "shutdown"));
        status.set(awaitBroken(broken, errors));
        return status.get();
    }

    /** Returns when the ledger broke; nothing is promised or acknowledged any more by then. */
    static int awaitBroken(CompletableFuture<LedgerBrokenException> broken, PrintWriter errors)
            throws InterruptedException {
        try {
            errors.println(
                    "sluice-agent: the ledger is broken, and the agent ends: "
                            + broken.get().getMessage());
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
        errors.flush();
        return EXIT_LEDGER;
    }

    /** What is checked before anything is done. */
    private record Opened(
            AgentConfig config,
            Layout layout,
            TlsIdentity identity,
            SignatureVerifier signatures,
            FileChannel lock) {}

    private static Opened open(Path file) throws ConfigException, IOException {
        AgentConfig config = ConfigFile.read(file);
        TlsIdentity identity =
                TlsIdentity.load(
                        config.tls().ca(),
                        config.tls().certificate(),
                        config.tls().key(),
                        InstantSource.system());
        if (!identity.self().equals(PeerName.node(config.nodeId()))) {
            throw new CredentialsException(
                    "%s: expected a certificate of %s, found one of %s"
                            .formatted(
                                    config.tls().certificate(),
                                    PeerName.node(config.nodeId()),
                                    identity.self()));
        }
        List<X509Certificate> signers = new ArrayList<>();
        for (Path signer : config.trustedSigners()) {
            signers.addAll(TrustedSigners.load(signer).certificates());
        }
        Layout layout = new Layout(config.dataDir());
        return new Opened(
                config,
                layout,
                identity,
                new SignatureVerifier(new TrustedSigners(signers), InstantSource.system()),
                lock(layout));
    }

    private static FileChannel lock(Layout layout) throws IOException {
        FileChannel channel;
        try {
            Files.createDirectories(layout.dataDir());
            channel =
                    FileChannel.open(
                            layout.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(
                    "data directory %s: expected to write there, found: %s"
                            .formatted(layout.dataDir(), reason(e)),
                    e);
        }
        Optional<FileLock> lock = Optional.empty();
        try {
            lock = Optional.ofNullable(channel.tryLock());
        } catch (OverlappingFileLockException _) {
            // The same as a lock of another process.
        }
        if (lock.isEmpty()) {
            channel.close();
            throw new IOException(
                    "data directory %s: in use by another agent; stop it or choose another dataDir"
                            .formatted(layout.dataDir()));
        }
        return channel;
    }

    private static String reason(IOException failure) {
        return failure.getClass().getSimpleName() + " " + failure.getMessage();
    }

    static Hardware hardware(AgentConfig config) throws IOException {
        if (config.redfish().isPresent()) {
            return RedfishHardware.open(config.redfish().get(), InstantSource.system());
        }
        return new NoHardware(config.hardwareModel(), config.initialPackages());
    }

    private static String version() {
        String version = AgentMain.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** Sets a node up with its first packages. */
    @Command(
            name = "provision",
            description = "Installs first packages from files, while the agent does not run.",
            mixinStandardHelpOptions = true)
    static final class Provision implements Callable<Integer> {

        @Option(names = "--config", required = true, description = "The agent's configuration.")
        private Path config = Path.of("");

        @Option(names = "--package", description = "A package file; may be given several times.")
        private List<Path> packages = List.of();

        @Option(
                names = "--accepting",
                description = "The admission to begin with: true or false.",
                arity = "1")
        private @Nullable Boolean accepting;

        @Override
        public Integer call() throws Exception {
            Opened opened = open(config);
            try (FileChannel _ = opened.lock();
                    Ledger ledger =
                            Ledger.open(
                                    new FileLedgerStorage(opened.layout().ledger()),
                                    opened.config().nodeId())) {
                List<String> done =
                        new Provisioning(opened.config(), opened.signatures()).install(packages);
                done.forEach(System.out::println);
                if (accepting != null) {
                    ledger.append(new LedgerRecord.AdmissionDesired(accepting));
                    System.out.println("admission begins " + (accepting ? "open" : "closed"));
                }
                return 0;
            }
        }
    }
}
