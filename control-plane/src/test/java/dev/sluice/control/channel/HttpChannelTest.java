package dev.sluice.control.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.channel.HttpChannel.Address;
import dev.sluice.control.channel.HttpChannel.Limits;
import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageName;
import dev.sluice.trust.packages.PackageVersion;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A channel over HTTPS: what a server may answer, and what is done when it answers otherwise. */
final class HttpChannelTest {
    private static final Limits LIMITS =
            new Limits(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));

    @TempDir private Path directory;
    private WebServer server;
    private HttpChannel channel;
    private final byte[] content = new byte[300_000];
    private ChannelPackage pkg;

    HttpChannelTest() {
        new Random(1).nextBytes(content);
        pkg = pkg(content);
    }

    private static ChannelPackage pkg(byte[] content) {
        ChannelPackage.Digest digest = ChannelPackage.Digest.of(content);
        return new ChannelPackage(
                new PackageName("site"),
                new PackageVersion("25.1.0"),
                PackageKind.SITE,
                1,
                List.of(),
                Optional.empty(),
                List.of(),
                digest,
                digest,
                digest,
                digest.sha256());
    }

    @BeforeEach
    void setUp() throws Exception {
        server = new WebServer(directory);
        channel = channel(Optional.empty());
    }

    private HttpChannel channel(Optional<InetSocketAddress> proxy) throws IOException {
        return new HttpChannel(new Address(server.url(), Optional.of(server.ca()), proxy), LIMITS);
    }

    @AfterEach
    void tearDown() {
        channel.close();
        server.close();
    }

    private Path part() {
        return directory.resolve("part");
    }

    private String path() {
        return "/channel/" + pkg.path();
    }

    @Test
    @Tag("PKG-1")
    void aFileIsFetchedAndAMissingOneIsToldApart() throws Exception {
        server.file("/channel/timestamp.json", "hello".getBytes(StandardCharsets.US_ASCII));

        assertThat(channel.fetch("timestamp.json", 100))
                .hasValueSatisfying(bytes ->
                        assertThat(new String(bytes, StandardCharsets.US_ASCII))
                                .isEqualTo("hello"));
        assertThat(channel.fetch("2.root.json", 100)).isEmpty();
    }

    @Test
    @Tag("PKG-1")
    @Tag("PKG-3")
    void anEndlessAnswerEndsAtTheBound() {
        server.on(
                "/channel/timestamp.json",
                exchange -> {
                    exchange.sendResponseHeaders(200, 0);
                    byte[] noise = new byte[10_000];
                    // Ends with an IOException when the client has gone.
                    for (int i = 0; i < 1_000_000; i++) {
                        exchange.getResponseBody().write(noise);
                    }
                });

        assertThatThrownBy(() -> channel.fetch("timestamp.json", 1 << 16))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("/channel/timestamp.json could not be fetched");
    }

    @Test
    @Tag("PKG-1")
    void anErrorPageAndARedirectAwayFromHttpsAreNamedWithTheirStatus() {
        server.on(
                "/channel/timestamp.json",
                exchange ->
                        WebServer.answer(
                                exchange, 503, "<html>".getBytes(StandardCharsets.US_ASCII)));
        assertThatThrownBy(() -> channel.fetch("timestamp.json", 100))
                .hasMessage(server.url() + "/timestamp.json: expected status 200, found 503");

        server.on(
                "/channel/timestamp.json",
                exchange -> {
                    exchange.getResponseHeaders().add("Location", "http://localhost:1/x");
                    WebServer.answer(exchange, 302, new byte[0]);
                });
        assertThatThrownBy(() -> channel.fetch("timestamp.json", 100))
                .hasMessage(
                        server.url()
                                + "/timestamp.json: expected status 200, found 302, which leads to"
                                + " http://localhost:1/x; only HTTPS is followed");
    }

    @Test
    @Tag("PKG-1")
    void aRedirectWithinHttpsIsFollowed() throws Exception {
        server.file("/elsewhere", "hello".getBytes(StandardCharsets.US_ASCII));
        server.on(
                "/channel/timestamp.json",
                exchange -> {
                    exchange.getResponseHeaders()
                            .add("Location", "https://localhost:" + server.port() + "/elsewhere");
                    WebServer.answer(exchange, 302, new byte[0]);
                });

        assertThat(channel.fetch("timestamp.json", 100)).isPresent();
    }

    @Test
    @Tag("PKG-1")
    void aServerThatNobodyVouchesForIsRefused() throws Exception {
        try (HttpChannel stranger =
                new HttpChannel(
                        new Address(server.url(), Optional.empty(), Optional.empty()), LIMITS)) {
            assertThatThrownBy(() -> stranger.fetch("timestamp.json", 100))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("certification path");
        }
        assertThat(server.requests).isEmpty();
    }

    @Test
    @Tag("PKG-1")
    void onlyHttpsUrlsWithoutSecretsAreTaken() {
        assertThatThrownBy(() ->
                        new Address(URI.create("http://a/b"), Optional.empty(), Optional.empty()))
                .hasMessage("expected an https URL with a host, found \"http://a/b\"");
        assertThatThrownBy(() ->
                        new Address(
                                URI.create("https://u:p@a/b"), Optional.empty(), Optional.empty()))
                .hasMessageStartingWith("expected a URL without user");
    }

    @Test
    @Tag("PKG-1")
    void aPackageIsDownloaded() throws Exception {
        server.file(path(), content);

        channel.download(pkg, part());

        assertThat(part()).hasBinaryContent(content);
        assertThat(server.requests).containsExactly(path());
    }

    @Test
    @Tag("PKG-1")
    void aBrokenDownloadGoesOnWhereItWas() throws Exception {
        server.on(
                path(),
                exchange -> {
                    exchange.sendResponseHeaders(200, content.length);
                    exchange.getResponseBody().write(content, 0, 100_000);
                    exchange.getResponseBody().flush();
                    // Closes the connection: the announced length was not reached.
                    throw new IOException("gone");
                });
        assertThatThrownBy(() -> channel.download(pkg, part())).isInstanceOf(IOException.class);
        long left = Files.size(part());
        assertThat(left).isPositive().isLessThanOrEqualTo(100_000);
        server.file(path(), content);

        channel.download(pkg, part());

        assertThat(part()).hasBinaryContent(content);
        assertThat(server.requests).containsExactly(path(), path() + " bytes=" + left + "-");
    }

    @Test
    @Tag("PKG-1")
    void aServerThatKnowsNoRangesSendsItAgainFromTheStart() throws Exception {
        Files.write(part(), Arrays.copyOf(content, 1000));
        server.on(path(), exchange -> WebServer.answer(exchange, 200, content));

        channel.download(pkg, part());

        assertThat(part()).hasBinaryContent(content);
    }

    @Test
    @Tag("PKG-1")
    @Tag("PKG-3")
    void anotherFileIsRefusedAndNothingIsLeft() {
        byte[] other = content.clone();
        other[299_999] ^= 1;
        server.file(path(), other);
        assertThatThrownBy(() -> channel.download(pkg, part()))
                .hasMessageContaining("the server has another file there");
        assertThat(part()).doesNotExist();

        server.file(path(), "<html>sign in</html>".getBytes(StandardCharsets.US_ASCII));
        assertThatThrownBy(() -> channel.download(pkg, part()))
                .hasMessageContaining("expected 300000 bytes, found 20");
        assertThat(part()).doesNotExist();

        server.file(path(), Arrays.copyOf(content, content.length + 1));
        assertThatThrownBy(() -> channel.download(pkg, part()))
                .hasMessageContaining("more than the 300000 bytes that it may have");
        assertThat(part()).doesNotExist();
    }

    @Test
    @Tag("PKG-1")
    void aPartThatIsNoPartOfThePackageIsThrownAwayInTheEnd() throws Exception {
        Files.write(part(), new byte[1000]);
        server.file(path(), content);

        assertThatThrownBy(() -> channel.download(pkg, part()))
                .hasMessageContaining("another file");
        channel.download(pkg, part());

        assertThat(part()).hasBinaryContent(content);
    }

    @Test
    @Tag("PKG-1")
    void aProxyIsUsedAndItsRefusalIsNamed() throws Exception {
        server.file("/channel/timestamp.json", "hello".getBytes(StandardCharsets.US_ASCII));
        try (ConnectProxy proxy = new ConnectProxy(true);
                HttpChannel through = channel(Optional.of(proxy.address()))) {
            assertThat(through.fetch("timestamp.json", 100)).isPresent();
            assertThat(proxy.asked).containsExactly("CONNECT localhost:" + server.port());
        }
        try (ConnectProxy proxy = new ConnectProxy(false);
                HttpChannel through = channel(Optional.of(proxy.address()))) {
            assertThatThrownBy(() -> through.fetch("timestamp.json", 100))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("403");
        }
    }
}
