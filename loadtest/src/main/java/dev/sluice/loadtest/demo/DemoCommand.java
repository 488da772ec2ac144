package dev.sluice.loadtest.demo;

import dev.sluice.loadtest.testbed.Layout;
import dev.sluice.loadtest.testbed.Testbed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/**
 * {@code sluice demo}: starts a whole cluster on this machine, upgrades it under load, and says
 * whether all is right.
 *
 * <p>Exit codes: 0 everything observed is right; 1 bad arguments or the cluster could not be
 * started; 4 it is not right.
 */
@CommandLine.Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Upgrades a whole cluster of real processes on this machine, under load.")
public final class DemoCommand implements Callable<Integer> {

    private static final int EXIT_BAD_INPUT = 1;
    private static final int EXIT_NOT_RIGHT = 4;

    @CommandLine.Option(
            names = "--regions",
            paramLabel = "N",
            description = "Regions, default ${DEFAULT-VALUE}.")
    private int regions = 2;

    @CommandLine.Option(
            names = "--nodes-per-region",
            paramLabel = "M",
            description = "Traffic nodes in each region, default ${DEFAULT-VALUE}.")
    private int nodesPerRegion = 3;

    @CommandLine.Option(
            names = "--clients-per-region",
            paramLabel = "C",
            description = "Clients that hold sessions in each region, default ${DEFAULT-VALUE}.")
    private int clientsPerRegion = 12;

    @CommandLine.Option(
            names = "--kill",
            paramLabel = "primary|backup|agent:ID@STEP",
            description =
                    "Kills that process when that step begins (an id, a kind, KIND:NODE or a phase). Repeatable.")
    private List<String> kills = List.of();

    @CommandLine.Option(
            names = "--freeze",
            paramLabel = "primary|backup@STEP",
            description =
                    "Stops that control plane for 5 s when that step begins, and lets it go on. Repeatable.")
    private List<String> freezes = List.of();

    @CommandLine.Option(
            names = "--stay",
            description =
                    "Only starts the cluster, says how to reach it, and keeps it until Ctrl-C.")
    private boolean stay;

    @CommandLine.Option(
            names = "--json",
            description = "Prints one JSON object in place of tables.")
    private boolean json;

    @CommandLine.Option(
            names = "--dir",
            paramLabel = "DIR",
            description =
                    "Where the cluster lies; kept afterwards. Default: a temporary folder, deleted when all was right.")
    private @Nullable Path directory;

    @Override
    public Integer call() throws InterruptedException {
        List<Kill> orders = new ArrayList<>();
        Layout layout;
        Path root;
        try {
            for (String kill : kills) {
                orders.add(Kill.parse(kill));
            }
            for (String freeze : freezes) {
                orders.add(Kill.parseFreeze(freeze));
            }
            if (clientsPerRegion < 1 || clientsPerRegion > 2_000) {
                throw new IllegalArgumentException(
                        "--clients-per-region: expected 1 to 2000, found " + clientsPerRegion);
            }
            Layout.checkSize(regions, nodesPerRegion);
            root = root();
            layout = Layout.of(root, regions, nodesPerRegion);
            for (Kill order : orders) {
                if (order.victim() == Kill.Victim.AGENT
                        && !layout.agentIds().contains(order.agent())) {
                    throw new IllegalArgumentException(
                            "kill %s: expected one of the agents %s"
                                    .formatted(order, layout.agentIds()));
                }
            }
        } catch (IllegalArgumentException | IOException e) {
            System.err.println("sluice demo: " + e.getMessage());
            return EXIT_BAD_INPUT;
        }
        return run(layout, orders);
    }

    private Path root() throws IOException {
        if (directory == null) {
            return Files.createTempDirectory("sluice-demo-");
        }
        if (Files.exists(directory)) {
            throw new IOException(
                    "--dir %s: expected a folder that does not exist yet".formatted(directory));
        }
        return directory.toAbsolutePath();
    }

    private int run(Layout layout, List<Kill> orders) throws InterruptedException {
        Path checkout = Path.of(System.getProperty("sluice.home", "")).toAbsolutePath();
        Progress progress = new Progress(!json);
        Optional<DemoResult> result = Optional.empty();
        Testbed testbed = new Testbed(layout, checkout);
        try (testbed) {
            Demo demo = new Demo(testbed, orders, clientsPerRegion, progress);
            if (stay) {
                demo.start();
                progress.say(
                        "the cluster serves; in another terminal: export SLUICE_CONFIG=%s; ./sluice status"
                                .formatted(layout.contexts()));
                progress.say("packages to import: " + testbed.newPackages());
                new CountDownLatch(1).await();
            }
            result = Optional.of(demo.run());
        } catch (IOException | IllegalStateException e) {
            progress.close();
            System.err.println("sluice demo: " + e.getMessage());
            System.err.println("sluice demo: logs are in " + layout.root().resolve("logs"));
        } finally {
            progress.close();
        }
        if (result.isEmpty()) {
            return EXIT_BAD_INPUT;
        }
        print(result.get());
        if (result.get().isRight() && directory == null) {
            delete(testbed);
        } else {
            System.err.println("sluice demo: the cluster's files are in " + layout.root());
        }
        return result.get().isRight() ? 0 : EXIT_NOT_RIGHT;
    }

    private void print(DemoResult result) {
        if (json) {
            System.out.println(DemoReport.json(result));
        } else {
            DemoReport.tables(result).forEach(System.out::println);
        }
    }

    private static void delete(Testbed testbed) {
        try {
            testbed.delete();
        } catch (IOException e) {
            System.err.println(
                    "sluice demo: %s could not be deleted: %s"
                            .formatted(testbed.layout().root(), e.getMessage()));
        }
    }
}
