package dev.sluice.agent.traffic;

import dev.sluice.agent.config.HostPort;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The sample site, over its unix control socket and its client port. */
public final class SampleTraffic implements TrafficPort, AutoCloseable {

    private static final Duration DEADLINE = Duration.ofSeconds(3);
    private static final int MAX_LINE_BYTES = 32 << 10;
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Path controlSocket;
    private final HostPort address;
    private final String nodeId;
    private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();

    /**
     * @param nodeId what the test client calls itself after
     */
    public SampleTraffic(Path controlSocket, HostPort address, String nodeId) {
        this.controlSocket = controlSocket;
        this.address = address;
        this.nodeId = nodeId;
    }

    @Override
    public TrafficStatus status() throws IOException {
        return statusOf(control("status"));
    }

    @Override
    public TrafficStatus admit(boolean accepting) throws IOException {
        return statusOf(control(accepting ? "open" : "close"));
    }

    @Override
    public int cutSessions() throws IOException {
        JsonNode answer = control("cut");
        return answer.path("cut").asInt(0);
    }

    @Override
    public SessionLog log(String run, long from) throws IOException {
        return logOf(control("log %s %d".formatted(run, from)));
    }

    @Override
    public Greeting openTestSession() throws IOException {
        return withDeadline("site at " + address, this::greet);
    }

    @Override
    public String address() {
        return address.toString();
    }

    @Override
    public void close() {
        requests.shutdownNow();
    }

    private JsonNode control(String request) throws IOException {
        return withDeadline("site's control socket " + controlSocket, () -> ask(request));
    }

    private JsonNode ask(String request) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(controlSocket));
            Channels.newOutputStream(channel)
                    .write((request + "\n").getBytes(StandardCharsets.UTF_8));
            String line = readLine(new BufferedInputStream(Channels.newInputStream(channel)));
            JsonNode answer = JSON.readTree(line);
            if (answer.has("error")) {
                throw new IOException(
                        "refused '" + request + "': " + answer.path("error").asString(""));
            }
            return answer;
        } catch (JacksonException e) {
            throw new IOException("expected JSON as the answer to '" + request + "'", e);
        }
    }

    private Greeting greet() throws IOException {
        InetSocketAddress resolved = address.resolve();
        try (Socket socket = new Socket()) {
            socket.connect(resolved, (int) DEADLINE.toMillis());
            socket.setSoTimeout((int) DEADLINE.toMillis());
            socket.getOutputStream()
                    .write(("HELLO probe agent-" + nodeId + "\n").getBytes(StandardCharsets.UTF_8));
            String line = readLine(socket.getInputStream());
            String[] words = line.split(" ", -1);
            if (words.length != 3 || !words[0].equals("WELCOME")) {
                throw new IOException("expected WELCOME VERSION NODE, found '" + line + "'");
            }
            socket.getOutputStream().write("BYE\n".getBytes(StandardCharsets.UTF_8));
            return new Greeting(words[1], words[2]);
        }
    }

    private static TrafficStatus statusOf(JsonNode answer) throws IOException {
        JsonNode version = answer.path("version");
        JsonNode node = answer.path("node");
        JsonNode accepting = answer.path("accepting");
        if (!version.isString() || !node.isString() || !accepting.isBoolean()) {
            throw new IOException("expected version, node and accepting, found " + answer);
        }
        SortedMap<String, Integer> sessions = new TreeMap<>();
        answer.path("sessions")
                .properties()
                .forEach(kind -> sessions.put(kind.getKey(), kind.getValue().asInt(0)));
        return new TrafficStatus(
                version.stringValue(),
                node.stringValue(),
                accepting.booleanValue(),
                sessions,
                answer.path("pid").asLong(0));
    }

    private static SessionLog logOf(JsonNode answer) throws IOException {
        JsonNode run = answer.path("run");
        JsonNode first = answer.path("first");
        if (!run.isString() || !first.isIntegralNumber()) {
            throw new IOException("expected run and first, found " + answer);
        }
        List<SessionLog.Entry> entries = new ArrayList<>();
        for (JsonNode entry : answer.path("entries")) {
            long session = entry.path("session").asLong(0);
            String kind = entry.path("kind").asString("");
            long began = entry.path("began").asLong(0);
            entries.add(
                    entry.has("ended")
                            ? new SessionLog.Entry.Ended(
                                    session,
                                    kind,
                                    began,
                                    entry.path("ended").asLong(0),
                                    entry.path("how").asString(""))
                            : new SessionLog.Entry.Began(session, kind, began));
        }
        return new SessionLog(
                run.stringValue(),
                first.longValue(),
                answer.path("more").asBoolean(false),
                entries);
    }

    private static String readLine(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next;
        while ((next = in.read()) != '\n') {
            if (next < 0) {
                throw new IOException("expected a line, found the end after " + line.size());
            }
            if (line.size() >= MAX_LINE_BYTES) {
                throw new IOException("expected a line of at most " + MAX_LINE_BYTES + " bytes");
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** Unix sockets have no read timeout: the caller waits, and interrupts what takes too long. */
    private <T> T withDeadline(String subject, Callable<T> request) throws IOException {
        Future<T> answer = requests.submit(request);
        try {
            return answer.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw new IOException(subject + ": " + failure.getMessage(), failure);
            }
            throw new IllegalStateException(subject, e.getCause());
        } catch (TimeoutException e) {
            throw new IOException(
                    "%s: expected an answer within %d ms, found none"
                            .formatted(subject, DEADLINE.toMillis()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException(subject).initCause(e);
        } finally {
            answer.cancel(true);
        }
    }
}
