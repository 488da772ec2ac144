package dev.sluice.loadtest.testbed;

import dev.sluice.agent.AgentMain;
import dev.sluice.trust.packages.PackageSigner;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A cluster of real processes on loopback: an agent for each node, a control plane and a site under
 * them as their services, simulated hardware behind Redfish. Leaves nothing running when closed.
 */
public final class Testbed implements AutoCloseable {

    /** The versions a cluster begins with and those it is to be upgraded to. */
    public static final String OLD_BASE = "6.2.0";

    public static final String NEW_BASE = "7.0.0";
    public static final String OLD_SITE = "25.1.0";
    public static final String NEW_SITE = "25.2.0";

    private static final long HARDWARE_DEADLINE_SECONDS = 30;

    private final Layout layout;
    private final Path checkout;
    private final ProcessKeeper keeper = new ProcessKeeper();
    private final List<Path> newPackages = new ArrayList<>();
    private final Thread cleanUp = new Thread(this::stopAll, "test-bed-clean-up");

    /**
     * A cluster that is not started yet.
     *
     * @param checkout where the product was built
     */
    public Testbed(Layout layout, Path checkout) {
        this.layout = layout;
        this.checkout = checkout;
    }

    /**
     * Builds the packages, installs the old versions on every node and starts everything.
     *
     * @param progress told in words what is being done
     * @throws IOException naming what was missing or did not start
     */
    public void start(Consumer<String> progress) throws IOException {
        Runtime.getRuntime().addShutdownHook(cleanUp);
        Files.createDirectories(layout.root());
        Files.setPosixFilePermissions(layout.root(), PosixFilePermissions.fromString("rwx------"));
        PackageSigner signer = Identities.create(layout);
        progress.accept("building and signing packages");
        Path packages = Files.createDirectories(layout.root().resolve("packages"));
        PackageWorkshop workshop = new PackageWorkshop(checkout, packages, signer);
        Path oldSite = workshop.site(OLD_SITE, 1, ">=" + OLD_BASE);
        newPackages.add(workshop.base(NEW_BASE, 1));
        newPackages.add(workshop.site(NEW_SITE, 2, ">=" + NEW_BASE));

        progress.accept("starting simulated hardware");
        Configurations configurations =
                new Configurations(layout, new Configurations.Versions(OLD_BASE, OLD_SITE));
        configurations.writeCredentials();
        configurations.writeRelationKey();
        configurations.writeRack();
        configurations.writeInventory();
        configurations.writeAll(startHardware(configurations));

        List<String> ids = layout.agentIds();
        progress.accept("installing site %s on %d nodes".formatted(OLD_SITE, ids.size()));
        for (String id : ids) {
            provision(id, oldSite);
        }
        progress.accept("starting %d agents".formatted(ids.size()));
        for (String id : ids) {
            List<String> command =
                    java("node-agent", JvmFlags.agent(), "dev.sluice.agent.AgentMain");
            command.addAll(List.of("--config", layout.agentConfig(id).toString()));
            keeper.start("agent-" + id, command, layout.log("agent-" + id));
        }
    }

    private Map<String, Integer> startHardware(Configurations configurations) throws IOException {
        Path identity = layout.identity("bmc");
        Path log = layout.log("hardware-sim");
        List<String> command =
                java("hardware-sim", JvmFlags.with("-Xmx48m"), "dev.sluice.sim.HardwareSimulator");
        command.addAll(
                List.of(
                        "--rack",
                        configurations.rack().toString(),
                        "--state",
                        layout.root().resolve("hardware").toString(),
                        "--credentials",
                        configurations.credentials().toString(),
                        "--tls-cert",
                        identity.resolve("cert.pem").toString(),
                        "--tls-key",
                        identity.resolve("key.pem").toString()));
        keeper.start("hardware-sim", command, log);
        JsonNode ready = JsonMapper.builder().build().readTree(readyLine(log));
        Map<String, Integer> ports = new TreeMap<>();
        for (JsonNode appliance : ready.required("appliances")) {
            ports.put(appliance.required("id").asString(), appliance.required("port").asInt());
        }
        return ports;
    }

    /** The simulator says in one line where it listens; the log is followed until then. */
    private static String readyLine(Path log) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(HARDWARE_DEADLINE_SECONDS);
        while (System.nanoTime() < deadline) {
            try (BufferedReader reader = Files.newBufferedReader(log, StandardCharsets.UTF_8)) {
                Optional<String> ready =
                        reader.lines().filter(l -> l.startsWith("{\"ready\"")).findFirst();
                if (ready.isPresent()) {
                    return ready.get();
                }
            } catch (NoSuchFileException _) {
                // The process has not opened its log yet.
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
        throw new IOException(
                "the simulated hardware was not ready within %d s; see %s"
                        .formatted(HARDWARE_DEADLINE_SECONDS, log));
    }

    private void provision(String id, Path sitePackage) throws IOException {
        StringWriter errors = new StringWriter();
        int status =
                AgentMain.execute(
                        new PrintWriter(errors),
                        "provision",
                        "--config",
                        layout.agentConfig(id).toString(),
                        "--package",
                        sitePackage.toString());
        if (status != 0) {
            throw new IOException(
                    "node %s could not be provisioned with %s: %s"
                            .formatted(id, sitePackage, errors));
        }
    }

    private List<String> java(String module, List<String> flags, String main) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", classpath(checkout, module), main));
        return command;
    }

    /**
     * The class path of a module's program.
     *
     * @param checkout where the product was built
     */
    public static String classpath(Path checkout, String module) throws IOException {
        Path target = checkout.resolve(module).resolve("target");
        try (Stream<Path> jars = Files.list(target)) {
            List<String> own =
                    jars.map(Path::toString)
                            .filter(name ->
                                    name.endsWith(".jar")
                                            && name.contains("sluice-" + module + "-"))
                            .sorted()
                            .toList();
            if (own.isEmpty()) {
                throw new IOException(
                        "%s: expected a jar, found none; build with ./mvnw -DskipTests package"
                                .formatted(target));
            }
            return String.join(":", own) + ":" + target.resolve("lib") + "/*";
        }
    }

    public Layout layout() {
        return layout;
    }

    /** The packages of the new versions, ready to be imported. */
    public List<Path> newPackages() {
        return List.copyOf(newPackages);
    }

    /** Kills the agent of a node as a crash would. */
    public void killAgent(String id) {
        keeper.kill("agent-" + id);
    }

    /**
     * Takes a node out as a power cut would: agent, control plane or site are gone, and what is on
     * disk stays.
     */
    public void powerOff(String id) throws IOException {
        Optional<ProcessHandle> service = service(id);
        keeper.hold("agent-" + id);
        service.ifPresent(process -> {
            boolean _ = process.destroyForcibly();
        });
    }

    /** Starts a node again that was taken out. */
    public void powerOn(String id) throws IOException {
        keeper.release("agent-" + id);
    }

    /**
     * Puts something else in a master's configuration, and kills its control plane; its agent is
     * expected to start it again.
     *
     * @throws IllegalArgumentException when the text to replace is not there
     */
    public void reconfigure(String masterId, String expected, String replacement)
            throws IOException {
        Path file = layout.controlPlaneConfig(masterId);
        String text = Files.readString(file);
        if (!text.contains(expected)) {
            throw new IllegalArgumentException(
                    "%s: expected '%s' in it, found none".formatted(file, expected));
        }
        Files.writeString(file, text.replace(expected, replacement));
        killControlPlane(masterId);
    }

    /** Runs the command line as an operator of this cluster does; see {@link Cli}. */
    public Cli.Run cli(Duration deadline, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = java("cli", JvmFlags.with("-Xmx96m"), "dev.sluice.cli.SluiceCli");
        command.addAll(List.of(arguments));
        return Cli.run(command, layout.contexts(), deadline);
    }

    /** What a node's service has said since the cluster began. */
    public List<String> serviceLog(String id) throws IOException {
        return Files.readAllLines(
                layout.agentData(id).resolve("run").resolve("service.log"), StandardCharsets.UTF_8);
    }

    /** Kills a master's control plane as a crash would; its agent is expected to start it again. */
    public void killControlPlane(String masterId) {
        service(masterId)
                .ifPresentOrElse(
                        ProcessHandle::destroyForcibly,
                        () -> {
                            throw new IllegalStateException(
                                    "master %s has no running control plane".formatted(masterId));
                        });
    }

    /**
     * Stops a master's control plane where it is (SIGSTOP) and lets it go on after a while: what a
     * machine that hangs looks like to the others. Its agent runs on.
     */
    public void freezeControlPlane(String masterId, Duration time) {
        ProcessHandle process =
                service(masterId)
                        .orElseThrow(() ->
                                new IllegalStateException(
                                        "master %s has no running control plane"
                                                .formatted(masterId)));
        signal("STOP", process);
        CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> signal("CONT", process));
    }

    /**
     * The service that a node's agent supervises: its pid file holds the boot's id, then the
     * process's stat line.
     */
    private Optional<ProcessHandle> service(String id) {
        Path file = layout.agentData(id).resolve("run").resolve("service.pid");
        try {
            List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
            String stat = lines.get(1);
            long pid = Long.parseLong(stat.substring(0, stat.indexOf(' ')));
            return ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
        } catch (NoSuchFileException _) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void signal(String name, ProcessHandle process) {
        try {
            int status =
                    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                            .inheritIO()
                            .start()
                            .waitFor();
            if (status != 0 && process.isAlive()) {
                throw new IllegalStateException(
                        "process %d could not be sent SIG%s".formatted(process.pid(), name));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Stops every process of the cluster: agents first, so that they do not start their services
     * again. A program that is interrupted does the same.
     */
    @Override
    public void close() {
        stopAll();
        try {
            boolean _ = Runtime.getRuntime().removeShutdownHook(cleanUp);
        } catch (IllegalStateException _) {
            // The program is ending, and does it once more.
        }
    }

    private void stopAll() {
        keeper.close();
        List<ProcessHandle> services =
                layout.agentIds().stream().map(this::service).flatMap(Optional::stream).toList();
        services.forEach(ProcessHandle::destroy);
        services.forEach(ProcessKeeper::stop);
    }

    /** Deletes everything on disk. */
    public void delete() throws IOException {
        try (Stream<Path> all = Files.walk(layout.root())) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
