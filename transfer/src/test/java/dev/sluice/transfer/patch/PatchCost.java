package dev.sluice.transfer.patch;

import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.trust.packages.LeafHashing;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Prints what it costs to make the patch between two files, and to apply it. */
final class PatchCost {

    private PatchCost() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Zstd zstd = Zstd.load().orElseThrow();
        Path directory = Files.createTempDirectory("patch-cost");
        Path base = Path.of(args[0]);
        Path target = Path.of(args[1]);
        LeafHashing.Described from = LeafHashing.describe(base);
        LeafHashing.Described to = LeafHashing.describe(target);
        for (int round = 0; round < 2; round++) {
            Path patch = directory.resolve("patch-" + round);
            long started = cpu();
            Optional<LeafHashing.Described> made =
                    new PatchMaker(zstd)
                            .make(
                                    new PatchSource(base, 0, from.content()),
                                    new PatchSource(target, 0, to.content()),
                                    to.table(),
                                    patch,
                                    Long.MAX_VALUE);
            double making = (cpu() - started) / 1e9;
            long bytes = made.orElseThrow().content().size();
            Path into = Files.createDirectory(directory.resolve("into-" + round));
            started = cpu();
            try (PatchApply apply =
                    PatchApply.open(
                            zstd,
                            patch,
                            new PatchSource(base, 0, from.content()),
                            into,
                            to.content(),
                            DiskSpace.system(),
                            _ -> {})) {
                PatchApply.Result result = apply.run();
                double applying = (cpu() - started) / 1e9;
                double mib = to.content().size() / 1048576.0;
                System.out.printf(
                        "%s: %.1f MiB, patch %.1f KiB (%.3f %%), made in %.2f CPU s (%.0f MiB/s), applied in %.2f CPU s (%.0f MiB/s)%n",
                        result,
                        mib,
                        bytes / 1024.0,
                        100.0 * bytes / to.content().size(),
                        making,
                        mib / making,
                        applying,
                        mib / applying);
            }
        }
    }

    /** Nanoseconds of processor of this process. */
    static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean)
                        ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
