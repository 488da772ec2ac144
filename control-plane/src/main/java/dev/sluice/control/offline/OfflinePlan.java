package dev.sluice.control.offline;

import dev.sluice.control.config.CatalogueFile;
import dev.sluice.control.config.ConfigException;
import dev.sluice.control.config.Inventory;
import dev.sluice.control.config.InventoryFile;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.Plan;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Strategy;
import dev.sluice.control.model.Version;
import dev.sluice.control.planner.Planner;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.planner.PlanningResult;
import dev.sluice.control.planner.check.BlueprintChecker;
import dev.sluice.control.planner.check.Violation;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code sluice plan}: plans an upgrade from files. Writes nothing but its answer. */
@Command(
        name = "sluice plan",
        description = "Plans an upgrade offline, from an inventory and a catalogue.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Exit codes: 0 planned, 2 refused with reasons, 1 bad input."})
public final class OfflinePlan implements Callable<Integer> {

    private static final int PLANNED = 0;
    private static final int BAD_INPUT = 1;
    private static final int REFUSED = 2;

    /** As sysexits.h has it for a fault of the program itself. */
    private static final int BUG = 70;

    /** The forms a plan is written in, spelt as {@code -o} takes them. */
    enum Format {
        table,
        json,
        yaml
    }

    @Spec private @Nullable CommandSpec spec;

    @Option(
            names = "--inventory",
            required = true,
            paramLabel = "FILE",
            description = "The cluster.")
    private Path inventory = Path.of("");

    @Option(
            names = "--packages",
            required = true,
            paramLabel = "FILE",
            description = "The catalogue of packages.")
    private Path packages = Path.of("");

    @Option(
            names = "--target",
            required = true,
            paramLabel = "NAME=VERSION",
            description = "A package to reach; may be given several times.")
    private List<String> targets = new ArrayList<>();

    @Option(
            names = "--strategy",
            paramLabel = "STRATEGY",
            description = "How to pass through the cluster; without it, what fits the inventory.")
    private @Nullable String strategy;

    @Option(names = "--without-backup", description = "Take no backup before the upgrade.")
    private boolean withoutBackup;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "table, json or yaml.")
    private Format format = Format.table;

    private OfflinePlan() {}

    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, false, StandardCharsets.UTF_8);
        System.exit(run(out, err, args));
    }

    /** Runs the command; gives back its exit code. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        CommandLine command =
                new CommandLine(new OfflinePlan())
                        .setOut(out)
                        .setErr(err)
                        .setCaseInsensitiveEnumValuesAllowed(true);
        command.setParameterExceptionHandler((e, _) -> {
            err.println("sluice plan: " + e.getMessage());
            err.println("Try 'sluice plan --help'.");
            return BAD_INPUT;
        });
        command.setExecutionExceptionHandler((e, _, _) -> {
            if (e instanceof ConfigException) {
                err.println("sluice plan: " + e.getMessage());
                return BAD_INPUT;
            }
            err.println("sluice plan: this is a bug, please report it:");
            e.printStackTrace(err);
            return BUG;
        });
        int exit = command.execute(args);
        out.flush();
        err.flush();
        return exit;
    }

    @Override
    public Integer call() {
        Inventory cluster = InventoryFile.read(inventory);
        PlanningInput input =
                new PlanningInput(
                        cluster.topology(),
                        CatalogueFile.read(packages),
                        target(),
                        cluster.policy(),
                        strategy(),
                        withoutBackup);
        return switch (Planner.plan(input)) {
            case PlanningResult.Planned(Plan plan) -> planned(input, plan);
            case PlanningResult.Refused(List<Refusal> refusals) -> {
                write(
                        switch (format) {
                            case table -> PlanText.of(refusals);
                            case json -> PlanDocument.json(PlanDocument.of(refusals));
                            case yaml -> PlanDocument.yaml(PlanDocument.of(refusals));
                        });
                yield REFUSED;
            }
        };
    }

    private int planned(PlanningInput input, Plan plan) {
        List<Violation> violations = BlueprintChecker.check(input, plan.blueprint());
        if (!violations.isEmpty()) {
            PrintWriter err = commandLine().getErr();
            err.println(
                    "sluice plan: the plan breaks its own rules and is not shown; this is a bug, please report it:");
            violations.forEach(v -> err.println("  " + v));
            return BUG;
        }
        write(
                switch (format) {
                    case table -> PlanText.of(plan);
                    case json -> PlanDocument.json(PlanDocument.of(plan));
                    case yaml -> PlanDocument.yaml(PlanDocument.of(plan));
                });
        return PLANNED;
    }

    private CommandLine commandLine() {
        if (spec == null) {
            throw new IllegalStateException("not started by picocli");
        }
        return spec.commandLine();
    }

    private void write(String text) {
        commandLine().getOut().print(text);
    }

    private SortedMap<PackageName, Version> target() {
        SortedMap<PackageName, Version> target = new TreeMap<>();
        for (String text : targets) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw new ConfigException(
                        "--target \"%s\": expected NAME=VERSION, such as site=25.1.0"
                                .formatted(text));
            }
            try {
                PackageName name = new PackageName(text.substring(0, equals));
                if (target.put(name, Version.parse(text.substring(equals + 1))) != null) {
                    throw new ConfigException(
                            "--target: expected each package once, found %s twice".formatted(name));
                }
            } catch (IllegalArgumentException e) {
                throw new ConfigException("--target \"%s\": %s".formatted(text, e.getMessage()), e);
            }
        }
        return target;
    }

    /** Also takes the lower-case and dashed spelling, which is easier to type. */
    private Optional<Strategy> strategy() {
        if (strategy == null) {
            return Optional.empty();
        }
        String wanted = strategy.toUpperCase(Locale.ROOT).replace('-', '_');
        Optional<Strategy> found =
                Arrays.stream(Strategy.values()).filter(s -> s.name().equals(wanted)).findFirst();
        if (found.isEmpty()) {
            throw new ConfigException(
                    "--strategy \"%s\": expected one of %s"
                            .formatted(
                                    strategy,
                                    Arrays.stream(Strategy.values())
                                            .map(Strategy::name)
                                            .collect(Collectors.joining(", "))));
        }
        return found;
    }
}
