package dev.sluice.transfer;

import dev.sluice.transfer.pull.ContentPull;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Measures what a delivered GiB costs: one pull over loopback, so one sending and one receiving
 * with verifying and writing, all in this process. Arguments: a directory, MiB of a pull, pulls.
 */
final class TransferCost {

    private TransferCost() {}

    public static void main(String[] arguments) throws Exception {
        Path root = Path.of(arguments[0]);
        int mebibytes = Integer.parseInt(arguments[1]);
        byte[] bytes = new byte[mebibytes << 20];
        new Random(1).nextBytes(bytes);
        TestContent content = TestContent.of(bytes);
        for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
            measure(root, content, mebibytes);
        }
        System.exit(0);
    }

    private static void measure(Path root, TestContent content, int mebibytes) throws Exception {
        try (TestNode origin = new TestNode("m-a", root);
                TestNode puller = new TestNode("eu-1", root)) {
            content.placeAt(origin);
            long cpu = cpuNanos();
            long began = System.nanoTime();
            try (ContentPull pull = puller.pull(content, origin.source())) {
                TestNode.await(pull.done());
            }
            double gib = mebibytes / 1024.0;
            System.out.printf(
                    "%d MiB: %.2f CPU s/GiB, %.0f MiB/s%n",
                    mebibytes,
                    (cpuNanos() - cpu) / 1e9 / gib,
                    mebibytes / ((System.nanoTime() - began) / 1e9));
        }
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
    }

    private static long cpuNanos() throws IOException {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
    }
}
