package dev.sluice.loadtest.distribute;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sluice bench distribute}. */
@Command(
        name = "distribute",
        mixinStandardHelpOptions = true,
        description =
                "One file to many machines over links of a known rate, beside the lower bound, aria2 and plain fan-out.")
public final class DistributeCommand implements Callable<Integer> {

    private static final int EXIT_BAD_INPUT = 1;
    private static final int EXIT_NOT_KEPT = 2;

    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            description = "Only these; with a wrong name, lists them.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--no-peers", description = "Without aria2 and fan-out, which take long.")
    private boolean noPeers;

    @Option(
            names = "--trees",
            description = "Sluice by two trees, which it makes itself for large regions only.")
    private boolean trees;

    @Option(
            names = "--memory",
            description =
                    "The machines' disks in memory: what they would take with a disk each, and not with this one for all.")
    private boolean memory;

    @Option(
            names = "--divide",
            paramLabel = "N",
            description = "A file of an Nth of the size, for a first look.",
            defaultValue = "1")
    private int divisor = 1;

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Scenario> chosen =
                Scenario.all().stream()
                        .filter(s -> names.isEmpty() || names.contains(s.name()))
                        .map(s -> s.scaled(divisor))
                        .toList();
        if (divisor < 1 || divisor > 1024 || (!names.isEmpty() && chosen.size() != names.size())) {
            System.err.println(
                    "sluice bench distribute: expected a divisor of 1 to 1024 and scenarios of %s, found %d and %s"
                            .formatted(
                                    Scenario.all().stream()
                                            .map(Scenario::name)
                                            .collect(Collectors.joining(", ")),
                                    divisor,
                                    names));
            return EXIT_BAD_INPUT;
        }
        if (!Sandbox.isInside()) {
            Optional<String> obstacle = Sandbox.obstacle();
            if (obstacle.isPresent()) {
                System.err.println("sluice bench distribute: " + obstacle.get());
                return EXIT_BAD_INPUT;
            }
            return Sandbox.enter(arguments());
        }
        boolean peers = !noPeers && hasPeers();
        Path directory = Files.createTempDirectory("sluice-distribute-");
        if (memory) {
            Sandbox.mountMemory(directory);
        }
        Path checkout = Path.of(System.getProperty("sluice.home", "")).toAbsolutePath();
        try {
            boolean kept =
                    new DistributeBenchmark(directory, checkout, trees, System.out)
                            .run(chosen, peers);
            if (memory) {
                Sandbox.unmount(directory);
            }
            Files.delete(directory);
            return kept ? 0 : EXIT_NOT_KEPT;
        } catch (IOException e) {
            String left = memory ? "" : "; what was written is in " + directory;
            System.err.printf("sluice bench distribute: %s%s%n", e.getMessage(), left);
            return EXIT_BAD_INPUT;
        }
    }

    private List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        names.forEach(name -> arguments.addAll(List.of("--scenario", name)));
        arguments.addAll(List.of("--divide", String.valueOf(divisor)));
        if (noPeers) {
            arguments.add("--no-peers");
        }
        if (trees) {
            arguments.add("--trees");
        }
        if (memory) {
            arguments.add("--memory");
        }
        return arguments;
    }

    private static boolean hasPeers() {
        List<String> missing =
                List.of("aria2c", "nginx", "curl").stream().filter(p -> !Shell.has(p)).toList();
        if (!missing.isEmpty()) {
            System.out.printf(
                    "Without peers: %s not here (Debian's aria2, nginx-light and curl).%n",
                    String.join(", ", missing));
        }
        return missing.isEmpty();
    }
}
