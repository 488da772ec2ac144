package dev.sluice.loadtest.distribute;

import dev.sluice.loadtest.distribute.Scenario.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Every machine downloads from the origin: curl from nginx, without TLS and verification. */
final class FanOut implements Contender {

    private final Scenario scenario;
    private final ShapedNetwork network;
    private final Path file;
    private final Path directory;
    private final Processes processes;
    private final Map<Integer, Process> downloads = new HashMap<>();

    FanOut(Scenario scenario, ShapedNetwork network, Path file, Path directory) {
        this.scenario = scenario;
        this.network = network;
        this.file = file;
        this.directory = directory;
        this.processes = new Processes(directory.resolve("fan-out.log"));
    }

    @Override
    public String name() {
        return "fan-out (curl from nginx)";
    }

    @Override
    public void prepare() throws IOException {
        Path root = Files.createDirectories(directory.resolve("www"));
        Files.createLink(root.resolve("file"), file);
        Path configuration = directory.resolve("nginx.conf");
        Files.writeString(
                configuration,
                """
                daemon off;
                user root;
                worker_processes 1;
                pid %1$s/nginx.pid;
                error_log stderr;
                events { worker_connections 1024; }
                http {
                  access_log off;
                  sendfile on;
                  client_body_temp_path %1$s/t1; proxy_temp_path %1$s/t2; fastcgi_temp_path %1$s/t3;
                  uwsgi_temp_path %1$s/t4; scgi_temp_path %1$s/t5;
                  server { listen 8080; root %2$s; }
                }
                """
                        .formatted(directory, root));
        Process _ =
                processes.start(
                        network.on(
                                scenario.machines().getFirst(),
                                List.of("nginx", "-c", configuration.toString())));
    }

    @Override
    public void begin() throws IOException {
        String url = "http://%s:8080/file".formatted(scenario.machines().getFirst().address());
        for (Machine machine : scenario.receivers()) {
            List<String> curl =
                    new ArrayList<>(
                            List.of(
                                    "curl",
                                    "-sS",
                                    "--retry",
                                    "20",
                                    "--retry-connrefused",
                                    "--retry-delay",
                                    "1",
                                    "-o",
                                    target(machine).toString(),
                                    url));
            downloads.put(machine.index(), processes.start(network.on(machine, curl)));
        }
    }

    private Path target(Machine machine) {
        return directory.resolve("got-" + machine.index());
    }

    @Override
    public boolean isComplete(Machine machine) throws IOException {
        Process download = downloads.get(machine.index());
        return download != null
                && !download.isAlive()
                && Files.exists(target(machine))
                && Files.size(target(machine)) == scenario.fileBytes();
    }

    @Override
    public void kill(Machine machine) {
        Process download = downloads.get(machine.index());
        if (download != null) {
            var _ = download.destroyForcibly();
        }
    }

    @Override
    public void close() throws IOException {
        processes.close();
    }
}
