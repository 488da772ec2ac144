package dev.sluice.sim;

import dev.sluice.sim.appliance.Ticker;
import dev.sluice.sim.rack.Rack;
import dev.sluice.sim.redfish.Credentials;
import dev.sluice.sim.redfish.Listen;
import dev.sluice.sim.redfish.LiveAppliance;
import dev.sluice.sim.redfish.RedfishServer;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The appliances of a rack while they are simulated; also what a test in the same process starts.
 *
 * <p>All of them share one event loop: a simulated appliance has little to do, and a second thread
 * would cost more memory than it brings.
 */
public final class RunningRack implements Closeable {

    public static final long DEFAULT_MAX_IMAGE_BYTES = 1L << 30;

    private static final long DEADLINE_SECONDS = 30;
    private static final int WORKERS = 2;

    private final Vertx vertx;
    private final FileChannel lockFile;
    private final Map<String, RedfishServer> servers = new LinkedHashMap<>();

    private RunningRack(Vertx vertx, FileChannel lockFile) {
        this.vertx = vertx;
        this.lockFile = lockFile;
    }

    /**
     * Restores every appliance from its directory below {@code state} and starts its service. When
     * one cannot start, none stays started.
     */
    public static RunningRack start(
            Rack rack,
            Path state,
            Credentials credentials,
            Listen listen,
            long maxImageBytes,
            Ticker ticker,
            InstantSource wallClock)
            throws IOException {
        if (listen.tls().isEmpty() && !InetAddress.getByName(listen.host()).isLoopbackAddress()) {
            throw new IOException(
                    "bind address "
                            + listen.host()
                            + ": plain HTTP needs a loopback address; give a certificate for HTTPS");
        }
        for (Path file :
                listen.tls().stream()
                        .flatMap(tls -> Stream.of(tls.certificate(), tls.key()))
                        .toList()) {
            if (!Files.isReadable(file)) {
                throw new IOException(
                        "TLS file " + file + ": cannot be read; check the path and its mode");
            }
        }
        RunningRack running = new RunningRack(startVertx(), lock(state));
        try {
            for (Rack.Place place : rack.places()) {
                running.start(place, state, credentials, listen, maxImageBytes, ticker, wallClock);
            }
            return running;
        } catch (IOException e) {
            running.close();
            throw e;
        }
    }

    /** The address of an appliance's service, such as {@code https://127.0.0.1:8443}. */
    public String url(String applianceId) {
        RedfishServer server = servers.get(applianceId);
        if (server == null) {
            throw new NoSuchElementException(
                    "appliance " + applianceId + " is not in the rack " + servers.keySet());
        }
        return server.url();
    }

    /** What the program prints when all services listen: one line of JSON. */
    public String readyLine() {
        JsonArray appliances = new JsonArray();
        servers.forEach((id, server) ->
                appliances.add(
                        new JsonObject()
                                .put("id", id)
                                .put("port", server.port())
                                .put("url", server.url())
                                .put("system", "/redfish/v1/Systems/" + id)));
        return new JsonObject()
                .put("ready", true)
                .put("pid", ProcessHandle.current().pid())
                .put("appliances", appliances)
                .encode();
    }

    @Override
    public void close() throws IOException {
        try (lockFile) {
            for (RedfishServer server : servers.values()) {
                await(onLoop(server::close), "service " + server.url());
            }
            await(vertx.close(), "event loop");
        }
    }

    private void start(
            Rack.Place place,
            Path state,
            Credentials credentials,
            Listen listen,
            long maxImageBytes,
            Ticker ticker,
            InstantSource wallClock)
            throws IOException {
        String id = place.appliance().id();
        RedfishServer server =
                await(
                        onLoop(() ->
                                RedfishServer.start(
                                        vertx,
                                        LiveAppliance.open(
                                                vertx,
                                                place.appliance(),
                                                state.resolve(id),
                                                ticker,
                                                wallClock),
                                        listen,
                                        place.port(),
                                        credentials,
                                        ticker,
                                        maxImageBytes)),
                        "appliance " + id + " on " + listen.host() + ":" + place.port());
        servers.put(id, server);
    }

    /** Something that starts on the event loop. */
    private interface Start<T> {
        Future<T> start() throws IOException;
    }

    private <T> Future<T> onLoop(Start<T> start) {
        Promise<T> promise = Promise.promise();
        vertx.runOnContext(_ -> {
            try {
                start.start().onComplete(promise);
            } catch (IOException | RuntimeException e) {
                promise.fail(e);
            }
        });
        return promise.future();
    }

    private static <T> T await(Future<T> future, String subject) throws IOException {
        try {
            return future.toCompletionStage()
                    .toCompletableFuture()
                    .get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(subject + ": " + cause.getMessage() + advice(cause), cause);
        } catch (TimeoutException e) {
            throw new IOException(subject + ": nothing happened for " + DEADLINE_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(subject + ": interrupted", e);
        }
    }

    private static String advice(Throwable cause) {
        return cause instanceof BindException
                ? "; stop the process that has the port or choose another"
                : "";
    }

    private static Vertx startVertx() {
        return Vertx.vertx(
                new VertxOptions()
                        .setEventLoopPoolSize(1)
                        .setWorkerPoolSize(WORKERS)
                        .setInternalBlockingPoolSize(WORKERS)
                        .setFileSystemOptions(
                                new FileSystemOptions()
                                        .setFileCachingEnabled(false)
                                        .setClassPathResolvingEnabled(false)));
    }

    private static FileChannel lock(Path state) throws IOException {
        Files.createDirectories(state);
        Path file = state.resolve("lock");
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        @Nullable FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException _) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new IOException(
                    "state directory "
                            + state
                            + ": in use by another simulator; stop it or choose another --state");
        }
        return channel;
    }
}
