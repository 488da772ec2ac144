package dev.sluice.sim;

import dev.sluice.sim.rack.Rack;
import dev.sluice.sim.redfish.Credentials;
import dev.sluice.sim.redfish.Listen;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/**
 * A rack that runs in the test's process without TLS, and a client of its first appliance's
 * service.
 */
@NullMarked
final class RackFixture implements Closeable {

    static final String USER = "admin";
    static final String PASSWORD = "correct-horse";
    static final long MAX_IMAGE_BYTES = 1 << 20;

    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final String BOUNDARY = "part-of-the-test";

    private final RunningRack running;
    private final HttpClient client = HttpClient.newHttpClient();
    private final String url;

    private RackFixture(RunningRack running, String id) {
        this.running = running;
        this.url = running.url(id);
    }

    static RackFixture start(Path directory, Rack rack) throws IOException {
        RunningRack running =
                RunningRack.start(
                        rack,
                        directory.resolve("state"),
                        Credentials.read(credentials(directory)),
                        new Listen("127.0.0.1", Optional.empty()),
                        MAX_IMAGE_BYTES,
                        System::nanoTime,
                        InstantSource.system());
        return new RackFixture(running, rack.places().getFirst().appliance().id());
    }

    static Path credentials(Path directory) throws IOException {
        Path file = directory.resolve("credentials");
        Files.writeString(file, "# who may use it\n" + USER + ":" + PASSWORD + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }

    RunningRack running() {
        return running;
    }

    JsonObject get(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = send(request(path).GET());
        if (response.statusCode() != 200) {
            throw new IOException(
                    "GET " + path + ": " + response.statusCode() + " " + response.body());
        }
        return new JsonObject(response.body());
    }

    HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return send(request(path).POST(BodyPublishers.ofString(body)));
    }

    HttpResponse<String> patch(String path, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path).method("PATCH", BodyPublishers.ofString(body));
        return send(headers.length == 0 ? request : request.headers(headers));
    }

    HttpResponse<String> push(String parameters, byte[] image)
            throws IOException, InterruptedException {
        List<byte[]> parts = new ArrayList<>();
        parts.add(part("UpdateParameters", "", "application/json"));
        parts.add((parameters + "\r\n").getBytes(StandardCharsets.UTF_8));
        parts.add(part("UpdateFile", "; filename=\"base.img\"", "application/octet-stream"));
        parts.add(image);
        parts.add(("\r\n--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
        return send(
                request("/redfish/v1/UpdateService/multipart")
                        .setHeader("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                        .POST(BodyPublishers.ofByteArrays(parts)));
    }

    HttpResponse<String> send(HttpRequest.Builder request)
            throws IOException, InterruptedException {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    /** A request with the credentials. */
    HttpRequest.Builder request(String path) {
        String pair =
                Base64.getEncoder()
                        .encodeToString((USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8));
        return anonymous(path).header("Authorization", "Basic " + pair);
    }

    HttpRequest.Builder anonymous(String path) {
        return HttpRequest.newBuilder(URI.create(url + path))
                .timeout(DEADLINE)
                .header("Content-Type", "application/json");
    }

    /** The appliance's events from now on. */
    Events listen() throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response =
                client.send(
                        request("/redfish/v1/EventService/SSE").GET().build(),
                        BodyHandlers.ofLines());
        Events events = new Events(response.body());
        events.awaitListening();
        return events;
    }

    @Override
    public void close() throws IOException {
        client.shutdownNow();
        running.close();
    }

    static List<String> messageIds(HttpResponse<String> response) {
        JsonArray info =
                new JsonObject(response.body())
                        .getJsonObject("error")
                        .getJsonArray("@Message.ExtendedInfo");
        return info.stream().map(each -> ((JsonObject) each).getString("MessageId")).toList();
    }

    private static byte[] part(String name, String more, String type) {
        return ("--"
                        + BOUNDARY
                        + "\r\nContent-Disposition: form-data; name=\""
                        + name
                        + "\""
                        + more
                        + "\r\nContent-Type: "
                        + type
                        + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** A stream of server-sent events, read line by line. */
    static final class Events implements Closeable {

        private final Stream<String> stream;
        private final Iterator<String> lines;

        Events(Stream<String> stream) {
            this.stream = stream;
            this.lines = stream.iterator();
        }

        private void awaitListening() {
            while (!lines.next().equals(": listening")) {
                // Nothing else comes before it.
            }
        }

        /** Waits for the event with this message and first argument. */
        void await(String message, String argument) {
            while (true) {
                String line = lines.next();
                if (line.startsWith("data: ")) {
                    JsonObject event =
                            new JsonObject(line.substring("data: ".length()))
                                    .getJsonArray("Events")
                                    .getJsonObject(0);
                    if (event.getString("MessageId").equals("SluiceSim.1.0." + message)
                            && event.getJsonArray("MessageArgs").getString(0).equals(argument)) {
                        return;
                    }
                }
            }
        }

        @Override
        public void close() {
            stream.close();
        }
    }
}
