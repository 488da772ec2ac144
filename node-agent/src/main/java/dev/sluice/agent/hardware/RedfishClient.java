package dev.sluice.agent.hardware;

import dev.sluice.agent.config.AgentConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Requests to a management controller: HTTPS with a pinned authority, one Redfish session that is
 * opened again when it has ended, bounded bodies, a deadline for each request.
 */
final class RedfishClient implements AutoCloseable {

    private static final Duration CONNECT = Duration.ofSeconds(3);
    private static final Duration REQUEST = Duration.ofSeconds(5);
    private static final String SESSIONS = "/redfish/v1/SessionService/Sessions";
    private static final int MAX_BODY_BYTES = 1 << 20;
    private static final int MAX_CREDENTIALS_BYTES = 4096;
    private static final int UNAUTHORIZED = 401;
    private static final Set<PosixFilePermission> OWNER =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    private static final JsonMapper JSON = JsonMapper.shared();

    private final URI root;
    private final HttpClient http;
    private final Login login;
    private volatile @Nullable Session session;

    private record Login(String user, String password) {}

    private record Session(String token, @Nullable String location) {}

    /**
     * An answer with a good status.
     *
     * @param location empty when there is none
     */
    record Answer(int status, JsonNode body, Optional<String> location) {}

    /** An answer with another status. */
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;
        private final int status;

        RefusedException(int status, String message) {
            super(message);
            this.status = status;
        }

        int status() {
            return status;
        }
    }

    private RedfishClient(URI root, HttpClient http, Login login) {
        this.root = root;
        this.http = http;
        this.login = login;
    }

    /**
     * Reads authority and credentials; connects only when something is asked.
     *
     * @throws IOException when a file cannot be used; the message names it
     */
    static RedfishClient open(AgentConfig.Redfish config) throws IOException {
        HttpClient http =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(CONNECT)
                        .sslContext(trusting(config.ca()))
                        .build();
        return new RedfishClient(config.url(), http, readLogin(config.credentialsFile()));
    }

    JsonNode get(String path) throws IOException {
        return exchange(path, REQUEST, request -> request.GET()).body();
    }

    Answer post(String path, ObjectNode body) throws IOException {
        return post(
                path,
                "application/json",
                BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)),
                REQUEST);
    }

    Answer post(String path, String contentType, BodyPublisher body, Duration deadline)
            throws IOException {
        return exchange(
                path, deadline, request -> request.header("Content-Type", contentType).POST(body));
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    @Override
    public void close() {
        Session open = session;
        if (open != null && open.location() != null) {
            try {
                exchange(open.location(), CONNECT, HttpRequest.Builder::DELETE);
            } catch (IOException _) {
                // It ends by itself when it is idle.
            }
        }
        http.shutdownNow();
    }

    /** Completes a request that has its address and its session. */
    private interface Completion {
        HttpRequest.Builder complete(HttpRequest.Builder request);
    }

    private Answer exchange(String path, Duration deadline, Completion completion)
            throws IOException {
        Session open = session;
        if (open != null) {
            try {
                return exchange(path, deadline, completion, Optional.of(open.token()));
            } catch (RefusedException e) {
                if (e.status() != UNAUTHORIZED) {
                    throw e;
                }
            }
        }
        return exchange(path, deadline, completion, Optional.of(logIn().token()));
    }

    private Session logIn() throws IOException {
        byte[] body =
                JSON.writeValueAsBytes(
                        object().put("UserName", login.user()).put("Password", login.password()));
        HttpResponse<byte[]> response =
                send(
                        HttpRequest.newBuilder(root.resolve(SESSIONS))
                                .timeout(REQUEST)
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofByteArray(body))
                                .build());
        String token = response.headers().firstValue("X-Auth-Token").orElse("");
        if (response.statusCode() / 100 != 2 || token.isEmpty()) {
            throw new RefusedException(
                    response.statusCode(),
                    "management controller %s: login of %s: expected a session, found status %d; check the credentials file"
                            .formatted(root, login.user(), response.statusCode()));
        }
        Session opened = new Session(token, response.headers().firstValue("Location").orElse(null));
        session = opened;
        return opened;
    }

    private Answer exchange(
            String path, Duration deadline, Completion completion, Optional<String> token)
            throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(resolve(path))
                        .timeout(deadline)
                        .header("Accept", "application/json");
        token.ifPresent(value -> request.header("X-Auth-Token", value));
        HttpResponse<byte[]> response = send(completion.complete(request).build());
        if (response.statusCode() / 100 != 2) {
            throw new RefusedException(
                    response.statusCode(),
                    "management controller %s: %s: expected success, found status %d%s"
                            .formatted(root, path, response.statusCode(), reason(response.body())));
        }
        return new Answer(
                response.statusCode(),
                parse(path, response.body()),
                response.headers().firstValue("Location"));
    }

    /** Addresses come out of answers: none may lead to another host. */
    private URI resolve(String path) throws IOException {
        URI resolved;
        try {
            resolved = root.resolve(path);
        } catch (IllegalArgumentException e) {
            throw new IOException("management controller " + root + ": no address: " + path, e);
        }
        if (!root.getAuthority().equals(resolved.getAuthority())
                || !root.getScheme().equals(resolved.getScheme())) {
            throw new IOException(
                    "management controller %s: expected an address on it, found %s"
                            .formatted(root, path));
        }
        return resolved;
    }

    private HttpResponse<byte[]> send(HttpRequest request) throws IOException {
        try {
            return http.send(
                    request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_BODY_BYTES));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("management controller").initCause(e);
        } catch (IOException e) {
            String what = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new IOException("management controller %s: %s".formatted(root, what), e);
        }
    }

    private JsonNode parse(String path, byte[] body) throws IOException {
        if (body.length == 0) {
            return object();
        }
        try {
            return JSON.readTree(body);
        } catch (JacksonException e) {
            throw new IOException(
                    "management controller %s: %s: expected JSON".formatted(root, path), e);
        }
    }

    private static String reason(byte[] body) {
        try {
            JsonNode first =
                    JSON.readTree(body).path("error").path("@Message.ExtendedInfo").path(0);
            String message = first.path("Message").asString("");
            return message.isEmpty() ? "" : ": " + message;
        } catch (JacksonException _) {
            return "";
        }
    }

    private static SSLContext trusting(Path ca) throws IOException {
        try (InputStream in = Files.newInputStream(ca)) {
            Collection<? extends Certificate> authorities =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (authorities.isEmpty()) {
                throw new CertificateException("no certificate found");
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            int number = 0;
            for (Certificate authority : authorities) {
                store.setCertificateEntry("authority-" + number++, authority);
            }
            TrustManagerFactory trust =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (NoSuchFileException e) {
            throw new IOException("hardware.ca " + ca + ": no such file", e);
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    "hardware.ca %s: expected PEM certificates: %s".formatted(ca, e.getMessage()),
                    e);
        }
    }

    /** One line, {@code user:password}, in a file that only its owner may read. */
    private static Login readLogin(Path file) throws IOException {
        Set<PosixFilePermission> mode;
        try {
            mode = Files.getPosixFilePermissions(file);
        } catch (NoSuchFileException e) {
            throw new IOException("hardware.credentialsFile " + file + ": no such file", e);
        }
        if (!OWNER.containsAll(mode)) {
            throw new IOException(
                    "hardware.credentialsFile %s: expected mode 0600, found %s; run chmod 600 on it"
                            .formatted(file, PosixFilePermissions.toString(mode)));
        }
        if (Files.size(file) > MAX_CREDENTIALS_BYTES) {
            throw new IOException(
                    "hardware.credentialsFile %s: expected at most %d bytes"
                            .formatted(file, MAX_CREDENTIALS_BYTES));
        }
        List<String> lines =
                Files.readAllLines(file).stream()
                        .filter(line -> !line.isBlank() && !line.startsWith("#"))
                        .toList();
        int colon = lines.isEmpty() ? -1 : lines.getFirst().indexOf(':');
        if (colon < 1) {
            throw new IOException(
                    "hardware.credentialsFile %s: expected a line user:password".formatted(file));
        }
        return new Login(
                lines.getFirst().substring(0, colon), lines.getFirst().substring(colon + 1));
    }
}
