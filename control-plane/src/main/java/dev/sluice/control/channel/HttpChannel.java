package dev.sluice.control.channel;

import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.channel.ChannelSource;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.x509.PemFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A channel on a web server, over HTTPS alone: redirects lead nowhere else, and every answer is
 * bounded in size and time. What comes is trusted in nothing; the channel's client verifies it.
 */
public final class HttpChannel implements ChannelSource, AutoCloseable {
    private static final int NOT_FOUND = 404;
    private static final int GONE = 410;
    private static final int RANGE_NOT_SATISFIABLE = 416;
    private static final int MAX_ERROR_BYTES = 1 << 14;
    private static final int BUFFER_BYTES = 1 << 18;

    private final URI base;
    private final HttpClient client;
    private final Limits limits;

    /**
     * How long a server may take.
     *
     * @param connect until a connection stands
     * @param metadata until a file of the channel is here to its end
     * @param silence while a package comes, until the next of its bytes
     */
    public record Limits(Duration connect, Duration metadata, Duration silence) {
        /** What masters and tools use. */
        public static final Limits DEFAULT =
                new Limits(Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(60));
    }

    /**
     * Where a channel is.
     *
     * @param url of its directory, {@code https}
     * @param ca PEM file of the authorities that the server's certificate is judged by; empty:
     *     those of the JDK
     * @param proxy host and port of an HTTP proxy; empty: the system's settings ({@code
     *     https.proxyHost} and the like)
     */
    public record Address(URI url, Optional<Path> ca, Optional<InetSocketAddress> proxy) {
        public Address {
            if (!"https".equals(url.getScheme()) || url.getHost() == null) {
                throw new IllegalArgumentException(
                        "expected an https URL with a host, found \"" + url + "\"");
            }
            if (url.getQuery() != null || url.getFragment() != null || url.getUserInfo() != null) {
                throw new IllegalArgumentException(
                        "expected a URL without user, query and fragment, found \"" + url + "\"");
            }
        }
    }

    /**
     * Connects to nothing yet.
     *
     * @throws IOException when the authorities' file cannot be read
     */
    public HttpChannel(Address address, Limits limits) throws IOException {
        String url = address.url().toString();
        this.base = URI.create(url.endsWith("/") ? url : url + "/");
        this.limits = limits;
        HttpClient.Builder builder =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(limits.connect())
                        // NORMAL follows anything but HTTPS to HTTP.
                        .followRedirects(HttpClient.Redirect.NORMAL)
                        .proxy(
                                address.proxy()
                                        .map(ProxySelector::of)
                                        .orElseGet(ProxySelector::getDefault));
        if (address.ca().isPresent()) {
            builder.sslContext(trusting(address.ca().get()));
        }
        this.client = builder.build();
    }

    private static SSLContext trusting(Path ca) throws IOException {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (X509Certificate certificate : PemFiles.readCertificates(ca)) {
                store.setCertificateEntry("ca-" + store.size(), certificate);
            }
            TrustManagerFactory trust =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(ca + " cannot be used as the channel's authorities: " + e, e);
        }
    }

    @Override
    public Optional<byte[]> fetch(String name, int maxBytes) throws IOException {
        URI uri = base.resolve(name);
        HttpRequest request =
                HttpRequest.newBuilder(uri)
                        .timeout(limits.metadata())
                        .header("Accept-Encoding", "identity")
                        .GET()
                        .build();
        HttpResponse<byte[]> response =
                await(
                        uri,
                        client.sendAsync(
                                request,
                                BodyHandlers.limiting(BodyHandlers.ofByteArray(), maxBytes)),
                        limits.metadata());
        return switch (response.statusCode()) {
            case 200 -> Optional.of(response.body());
            case NOT_FOUND, GONE -> Optional.empty();
            default -> throw unexpected(uri, response);
        };
    }

    /**
     * Downloads a package's file; goes on where an earlier call broke off.
     *
     * @param part where it is put; what is there already is what the earlier call left
     * @throws IOException when it breaks off: call again. When it came to its end and is not the
     *     package, nothing is left and the message says so
     */
    public void download(ChannelPackage pkg, Path part) throws IOException {
        URI uri = base.resolve(pkg.path());
        long size = pkg.file().size();
        long have = Files.exists(part) ? Files.size(part) : 0;
        if (have > size) {
            Files.delete(part);
            have = 0;
        }
        if (have < size && !pull(uri, part, have, size)) {
            Files.deleteIfExists(part);
            var _ = pull(uri, part, 0, size);
        }
        String found = sha256(part);
        if (Files.size(part) != size || !found.equals(pkg.file().sha256().hex())) {
            long length = Files.size(part);
            Files.delete(part);
            throw new InvalidPackageException(
                    String.format(
                            "%s: expected %d bytes with sha256 %s, found %d with %s; the server has"
                                    + " another file there",
                            uri, size, pkg.file().sha256(), length, found));
        }
    }

    /** False: the server does not go on from there. */
    private boolean pull(URI uri, Path part, long offset, long size) throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).header("Accept-Encoding", "identity").GET();
        if (offset > 0) {
            request.header("Range", "bytes=" + offset + "-");
        }
        PartSubscriber.Target target = new PartSubscriber.Target(uri, part, offset, size);
        CompletableFuture<HttpResponse<Optional<String>>> exchange =
                client.sendAsync(request.build(), target::subscriber);
        HttpResponse<Optional<String>> response = awaitProgress(uri, exchange, target);
        return switch (response.statusCode()) {
            case 200, 206 -> {
                if (response.body().isPresent()) {
                    if (target.isWrong()) {
                        Files.deleteIfExists(part);
                    }
                    throw new IOException(response.body().get());
                }
                yield true;
            }
            case RANGE_NOT_SATISFIABLE -> {
                if (offset == 0) {
                    throw unexpected(uri, response);
                }
                yield false;
            }
            default -> throw unexpected(uri, response);
        };
    }

    private HttpResponse<Optional<String>> awaitProgress(
            URI uri,
            CompletableFuture<HttpResponse<Optional<String>>> exchange,
            PartSubscriber.Target target)
            throws IOException {
        long before = -1;
        while (true) {
            try {
                return exchange.get(limits.silence().toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                long now = target.received();
                if (now == before) {
                    exchange.cancel(true);
                    throw new IOException(
                            uri
                                    + " sent nothing for "
                                    + limits.silence()
                                    + ", after "
                                    + now
                                    + " bytes; try again, it goes on from there",
                            e);
                }
                before = now;
            } catch (ExecutionException e) {
                throw failed(uri, e);
            } catch (InterruptedException e) {
                exchange.cancel(true);
                throw interrupted(uri, e);
            }
        }
    }

    private static <T> T await(URI uri, CompletableFuture<T> exchange, Duration limit)
            throws IOException {
        try {
            return exchange.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            exchange.cancel(true);
            throw new IOException(uri + " was not answered to its end within " + limit, e);
        } catch (ExecutionException e) {
            throw failed(uri, e);
        } catch (InterruptedException e) {
            exchange.cancel(true);
            throw interrupted(uri, e);
        }
    }

    private static IOException failed(URI uri, ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return new IOException(
                uri
                        + " could not be fetched: "
                        + (cause.getMessage() == null ? cause : cause.getMessage()),
                e);
    }

    private static IOException interrupted(URI uri, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IOException(uri + ": this process is closing", e);
    }

    private static IOException unexpected(URI uri, HttpResponse<?> response) {
        String location =
                response.headers()
                        .firstValue("Location")
                        .map(to -> ", which leads to " + to + "; only HTTPS is followed")
                        .orElse("");
        return new IOException(
                uri + ": expected status 200, found " + response.statusCode() + location);
    }

    private static String sha256(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static int maxErrorBytes() {
        return MAX_ERROR_BYTES;
    }

    @Override
    public String description() {
        return base.toString();
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
