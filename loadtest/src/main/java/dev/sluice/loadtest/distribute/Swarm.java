package dev.sluice.loadtest.distribute;

import com.sun.net.httpserver.HttpServer;
import dev.sluice.loadtest.distribute.Scenario.Machine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A BitTorrent swarm of aria2 with a tracker; without encryption. */
final class Swarm implements Contender {

    private static final int PIECE_BYTES = 256 << 10;
    private static final int PEER_PORT = 6881;
    private static final int TRACKER_PORT = 6969;

    private final Scenario scenario;
    private final ShapedNetwork network;
    private final Path file;
    private final Path directory;
    private final Processes processes;
    private final Map<Integer, Process> clients = new HashMap<>();
    private @Nullable HttpServer tracker;

    Swarm(Scenario scenario, ShapedNetwork network, Path file, Path directory) {
        this.scenario = scenario;
        this.network = network;
        this.file = file;
        this.directory = directory;
        this.processes = new Processes(directory.resolve("aria2.log"));
    }

    @Override
    public String name() {
        return "aria2 (BitTorrent)";
    }

    /** The tracker tells everybody of everybody: it knows the machines. */
    @Override
    public void prepare() throws IOException {
        ByteArrayOutputStream peers = new ByteArrayOutputStream();
        for (Machine machine : scenario.machines()) {
            peers.writeBytes(InetAddress.getByName(machine.address()).getAddress());
            peers.write(PEER_PORT >> 8);
            peers.write(PEER_PORT & 0xff);
        }
        byte[] answer = Bencode.peers(peers.toByteArray(), 2);
        HttpServer server =
                HttpServer.create(
                        new InetSocketAddress(ShapedNetwork.BENCH_ADDRESS, TRACKER_PORT), 256);
        server.createContext(
                "/announce",
                exchange -> {
                    exchange.sendResponseHeaders(200, answer.length);
                    exchange.getResponseBody().write(answer);
                    exchange.close();
                });
        server.start();
        tracker = server;
        Files.write(
                directory.resolve("file.torrent"),
                Bencode.torrent(
                        "http://%s:%d/announce"
                                .formatted(ShapedNetwork.BENCH_ADDRESS, TRACKER_PORT),
                        file,
                        PIECE_BYTES));
        Path seeded = Files.createDirectories(directory.resolve("a-0"));
        Files.createLink(seeded.resolve(String.valueOf(file.getFileName())), file);
        client(scenario.machines().getFirst());
    }

    private void client(Machine machine) throws IOException {
        Path own = Files.createDirectories(directory.resolve("a-" + machine.index()));
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "aria2c",
                                "--no-conf",
                                "--enable-dht=false",
                                "--enable-dht6=false",
                                "--disable-ipv6=true",
                                "--bt-enable-lpd=false",
                                "--seed-ratio=0.0",
                                "--bt-seed-unverified=true",
                                "--allow-overwrite=true",
                                "--file-allocation=none",
                                "--listen-port=" + PEER_PORT,
                                "--console-log-level=error",
                                "--summary-interval=0",
                                "--on-bt-download-complete=" + hook(),
                                "--dir=" + own,
                                directory.resolve("file.torrent").toString()));
        clients.put(machine.index(), processes.start(network.on(machine, command)));
    }

    /** Leaves a file beside what it downloaded. */
    private Path hook() throws IOException {
        Path hook = directory.resolve("complete.sh");
        if (!Files.exists(hook)) {
            Files.writeString(hook, "#!/bin/sh\n: > \"$(dirname \"$3\")/complete\"\n");
            boolean _ = hook.toFile().setExecutable(true);
        }
        return hook;
    }

    @Override
    public void begin() throws IOException {
        for (Machine machine : scenario.receivers()) {
            client(machine);
        }
    }

    @Override
    public boolean isComplete(Machine machine) {
        return Files.exists(directory.resolve("a-" + machine.index()).resolve("complete"));
    }

    @Override
    public void kill(Machine machine) {
        Process client = clients.get(machine.index());
        if (client != null) {
            var _ = client.destroyForcibly();
        }
    }

    @Override
    public void close() throws IOException {
        processes.close();
        if (tracker != null) {
            tracker.stop(0);
        }
    }
}
