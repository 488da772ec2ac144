package dev.sluice.loadtest.distribute;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Namespaces for everything the benchmark starts: network, mounts, processes. They end with their
 * first process, so that neither a link nor a process is left behind, even after a kill -9.
 */
final class Sandbox {

    private static final String INSIDE = "SLUICE_BENCH_SANDBOX";

    private Sandbox() {}

    static boolean isInside() {
        return System.getenv(INSIDE) != null;
    }

    /** Why this machine lets nobody make them; empty: it does. */
    static Optional<String> obstacle() throws IOException, InterruptedException {
        for (String tool : List.of("unshare", "ip", "tc")) {
            if (!Shell.has(tool)) {
                return Optional.of(
                        "the program %s is not here; install util-linux and iproute2"
                                .formatted(tool));
            }
        }
        Shell.Result result =
                Shell.run(
                        List.of(
                                "unshare",
                                "--net",
                                "--mount",
                                "--pid",
                                "--fork",
                                "--mount-proc",
                                "sh",
                                "-c",
                                "ip link add va type veth peer name vb && tc qdisc add dev va root tbf rate 1mbit burst 16kb limit 64kb"));
        return result.status() == 0
                ? congestionObstacle()
                : Optional.of(
                        "namespaces with shaped links can't be made here (root or CAP_SYS_ADMIN is needed): "
                                + result.output().strip());
    }

    private static Optional<String> congestionObstacle() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("unshare", "--net"));
        command.addAll(ShapedNetwork.CHOOSE_CONGESTION_CONTROL);
        Shell.Result result = Shell.run(command);
        return result.status() == 0
                ? Optional.empty()
                : Optional.of(
                        "TCP CUBIC can't be chosen in a network namespace here; have tcp_cubic loaded, and its name in the sysctl net.ipv4.tcp_allowed_congestion_control: "
                                + result.output().strip());
    }

    /** Has a directory's files in memory, inside. They go with the sandbox, or {@link #unmount}. */
    static void mountMemory(Path directory) throws IOException, InterruptedException {
        String _ =
                Shell.require(
                        List.of(
                                "mount",
                                "-t",
                                "tmpfs",
                                "-o",
                                "size=75%",
                                "none",
                                directory.toString()));
    }

    static void unmount(Path directory) throws IOException, InterruptedException {
        String _ = Shell.require(List.of("umount", directory.toString()));
    }

    /** Runs this program again, inside; returns its exit status. */
    static int enter(List<String> arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "unshare",
                                "--net",
                                "--mount",
                                "--pid",
                                "--fork",
                                "--kill-child",
                                "--mount-proc",
                                "sh",
                                "-c",
                                "mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip link set lo up && exec \"$@\"",
                                "sh"));
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(
                java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(
                List.of(
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.sluice.loadtest.Main",
                        "bench",
                        "distribute"));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().put(INSIDE, "1");
        Process process = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        return process.waitFor();
    }
}
