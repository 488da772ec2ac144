package dev.sluice.loadtest.distribute;

import dev.sluice.loadtest.distribute.Scenario.Fault;
import dev.sluice.loadtest.distribute.Scenario.Machine;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs contenders through scenarios, inside the {@link Sandbox}, and prints what they needed. */
final class DistributeBenchmark {

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /** A contender that needs so many times the bound is stopped there. */
    private static final double LONGEST = 90;

    private static final double LONGEST_SECONDS = 900;

    private static final int CHANGES = 4;
    private static final int CHANGED_BYTES = 16 << 10;

    private final Path directory;
    private final Path checkout;
    private final boolean trees;
    private final PrintStream out;

    /**
     * A benchmark.
     *
     * @param directory an existing, empty one
     * @param checkout where the product was built
     * @param trees whether large contents go down trees, however few the nodes
     */
    DistributeBenchmark(Path directory, Path checkout, boolean trees, PrintStream out) {
        this.directory = directory;
        this.checkout = checkout;
        this.trees = trees;
        this.out = out;
    }

    /** How a contender is made. */
    private interface Entry {
        Contender make(ShapedNetwork network, Path file, Path own)
                throws IOException, InterruptedException;
    }

    /** Whether every scenario kept its limit. */
    boolean run(List<Scenario> scenarios, boolean peers) throws IOException, InterruptedException {
        boolean kept = true;
        for (Scenario scenario : scenarios) {
            kept &= run(scenario, peers);
        }
        return kept;
    }

    private boolean run(Scenario scenario, boolean peers) throws IOException, InterruptedException {
        out.printf(
                "%n%s: %d MiB to %d machines, links of %d Mbit/s%s%s%n",
                scenario.name(),
                scenario.fileBytes() >> 20,
                scenario.receivers().size(),
                scenario.nodeMbit(),
                scenario.regionMbit() > 0
                        ? ", %d regions with links of %d Mbit/s"
                                .formatted(scenario.regions().size(), scenario.regionMbit())
                        : "",
                scenario.earlier()
                        ? ", most of which they have"
                        : scenario.fault()
                                .map(f -> ", " + f.kind() + " of the " + f.victim())
                                .orElse(""));
        out.printf("  lower bound %.2f s%n", LowerBound.seconds(scenario));
        out.printf(
                "  %-28s %8s %7s %9s %9s %8s %s%n",
                "", "SECONDS", "RATIO", "COMPLETE", "CPU s/GiB", "ORIGIN", "INTO REGIONS");
        List<Entry> entries = new ArrayList<>();
        entries.add((network, file, own) ->
                new SluiceCluster(scenario, trees, network, file, own, checkout));
        if (peers && scenario.fault().isEmpty() && !scenario.earlier()) {
            entries.add((network, file, own) -> new Swarm(scenario, network, file, own));
            entries.add((network, file, own) -> new FanOut(scenario, network, file, own));
        }
        boolean kept = true;
        for (int i = 0; i < entries.size(); i++) {
            Measured measured = run(scenario, entries.get(i));
            print(scenario, measured);
            if (i == 0) {
                kept =
                        measured.ratio(scenario) <= scenario.limit()
                                && measured.complete() == measured.expected();
                out.printf(
                        "  %-28s limit %.2f: %s%n",
                        "", scenario.limit(), kept ? "kept" : "NOT KEPT");
            }
        }
        return kept;
    }

    private Measured run(Scenario scenario, Entry entry) throws IOException, InterruptedException {
        Path own = Files.createTempDirectory(directory, "run-");
        Path file = own.resolve("file");
        write(file, scenario.fileBytes());
        ShapedNetwork network = ShapedNetwork.make(scenario);
        Measured measured;
        try (Contender contender = entry.make(network, file, own)) {
            contender.prepare();
            measured = measure(scenario, network, contender);
        } finally {
            network.remove();
        }
        delete(own);
        return measured;
    }

    private Measured measure(Scenario scenario, ShapedNetwork network, Contender contender)
            throws IOException, InterruptedException {
        double bound = LowerBound.seconds(scenario);
        Machine origin = scenario.machines().getFirst();
        long originBefore = network.sentBy(origin);
        List<Long> before = intoRegions(scenario, network);
        double cpuBefore = Processes.cpuSeconds();
        long began = System.nanoTime();
        contender.begin();
        List<Machine> waiting = new ArrayList<>(scenario.receivers());
        int expected = waiting.size();
        Optional<Fault> fault = scenario.fault();
        double seconds = 0;
        double longest = Math.min(LONGEST * bound, LONGEST_SECONDS);
        while (!waiting.isEmpty() && seconds < longest) {
            LockSupport.parkNanos(LOOK_NANOS);
            seconds = (System.nanoTime() - began) / 1e9;
            for (Machine machine : List.copyOf(waiting)) {
                if (contender.isComplete(machine)) {
                    waiting.remove(machine);
                }
            }
            if (fault.isPresent() && seconds > bound / 3) {
                Machine victim = victim(scenario, fault.get().victim());
                if (fault.get().kind() == Fault.Kind.KILL) {
                    contender.kill(victim);
                } else {
                    network.blackHole(victim);
                }
                fault = Optional.empty();
                waiting.remove(victim);
                expected--;
            }
        }
        double cpu = Processes.cpuSeconds() - cpuBefore;
        List<Long> after = intoRegions(scenario, network);
        List<Long> into = new ArrayList<>();
        for (int i = 0; i < after.size(); i++) {
            into.add(after.get(i) - before.get(i));
        }
        return new Measured(
                contender.name(),
                seconds,
                expected - waiting.size(),
                expected,
                network.sentBy(origin) - originBefore,
                into,
                cpu);
    }

    private static Machine victim(Scenario scenario, Fault.Victim victim) {
        List<Machine> line = scenario.receivers();
        return switch (victim) {
            case HEAD -> line.getFirst();
            case MIDDLE -> line.get(line.size() / 2);
            case REGION_HEAD ->
                    line.stream()
                            .filter(machine -> machine.region() == 1)
                            .findFirst()
                            .orElseThrow();
        };
    }

    private static List<Long> intoRegions(Scenario scenario, ShapedNetwork network)
            throws IOException, InterruptedException {
        List<Long> bytes = new ArrayList<>();
        for (int region = 1; region < scenario.regions().size(); region++) {
            bytes.add(network.intoRegion(region));
        }
        return bytes;
    }

    private void print(Scenario scenario, Measured measured) {
        out.printf(
                "  %-28s %8.2f %7.3f %6d/%-2d %9.2f %7.2fx %s%n",
                measured.contender(),
                measured.seconds(),
                measured.ratio(scenario),
                measured.complete(),
                measured.expected(),
                measured.cpuPerGibi(scenario),
                Measured.times(measured.originBytes(), scenario),
                measured.regionBytes().stream()
                        .map(bytes -> "%.2fx".formatted(Measured.times(bytes, scenario)))
                        .collect(Collectors.joining(" ")));
    }

    /** Bytes that no link compresses. */
    static void write(Path file, long bytes) throws IOException {
        Random random = new Random(7);
        byte[] block = new byte[1 << 20];
        try (OutputStream to = Files.newOutputStream(file)) {
            for (long left = bytes; left > 0; left -= block.length) {
                random.nextBytes(block);
                to.write(block, 0, (int) Math.min(left, block.length));
            }
        }
    }

    /** A copy that differs in a few places, as a release does from the one before. */
    static void vary(Path file, Path copy) throws IOException {
        Files.copy(file, copy);
        byte[] other = new byte[CHANGED_BYTES];
        new Random(8).nextBytes(other);
        try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            long apart = channel.size() / (CHANGES + 1);
            for (int i = 1; i <= CHANGES; i++) {
                for (ByteBuffer rest = ByteBuffer.wrap(other); rest.hasRemaining(); ) {
                    channel.write(rest, i * apart + rest.position());
                }
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(directory)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
