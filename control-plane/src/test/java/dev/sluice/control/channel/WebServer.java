package dev.sluice.control.channel;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.sluice.trust.x509.CertificateDraft;
import dev.sluice.trust.x509.EcKeys;
import dev.sluice.trust.x509.PemFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/** A web server on the loopback address with a certificate of its own. */
public final class WebServer implements AutoCloseable {
    private final HttpsServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, HttpHandler> handlers = new ConcurrentHashMap<>();
    private final Path ca;

    /** What was asked for, as {@code PATH} or {@code PATH range}. */
    public final List<String> requests = new CopyOnWriteArrayList<>();

    public WebServer(Path directory) throws Exception {
        KeyPair key = EcKeys.generate();
        X509Certificate certificate =
                CertificateDraft.of(
                                CertificateDraft.name("localhost"),
                                key.getPublic(),
                                "localhost",
                                key.getPublic(),
                                Instant.now().minus(Duration.ofDays(1)),
                                Instant.now().plus(Duration.ofDays(1)))
                        .with(Extension.basicConstraints, true, new BasicConstraints(true))
                        .with(
                                Extension.subjectAlternativeName,
                                false,
                                new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")))
                        .sign(key.getPrivate());
        ca = directory.resolve("web-ca.pem");
        PemFiles.writeNew(List.of(PemFiles.certificates(ca, List.of(certificate))));
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setKeyEntry(
                "key", key.getPrivate(), new char[0], new X509Certificate[] {certificate});
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(keys.getKeyManagers(), null, null);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String range = exchange.getRequestHeaders().getFirst("Range");
        requests.add(range == null ? path : path + " " + range);
        HttpHandler handler = handlers.get(path);
        if (handler == null) {
            answer(exchange, 404, "not here".getBytes(StandardCharsets.US_ASCII));
        } else {
            handler.handle(exchange);
        }
    }

    public static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    /** A file that knows ranges. */
    public WebServer file(String path, byte[] body) {
        handlers.put(
                path,
                exchange -> {
                    String range = exchange.getRequestHeaders().getFirst("Range");
                    if (range == null) {
                        answer(exchange, 200, body);
                        return;
                    }
                    int from = Integer.parseInt(range.replaceAll("[^0-9]", ""));
                    exchange.getResponseHeaders()
                            .add(
                                    "Content-Range",
                                    "bytes " + from + "-" + (body.length - 1) + "/" + body.length);
                    answer(exchange, 206, Arrays.copyOfRange(body, from, body.length));
                });
        return this;
    }

    public WebServer on(String path, HttpHandler handler) {
        handlers.put(path, handler);
        return this;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public URI url() {
        return URI.create("https://localhost:" + port() + "/channel");
    }

    public Path ca() {
        return ca;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
