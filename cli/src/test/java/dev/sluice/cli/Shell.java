package dev.sluice.cli;

import dev.sluice.cli.command.Surroundings;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** Operator kim's shell: a contexts file, a certificate, and what was printed. */
final class Shell {
    static final CertificateAuthority AUTHORITY =
            CertificateAuthority.create("acme", Duration.ofHours(2), InstantSource.system());
    static final Instant NOW = Instant.parse("2026-03-01T10:00:42.5Z");

    private final Path folder;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /** What the operator will type, a line each. */
    final Deque<String> typed = new ArrayDeque<>();

    private final AtomicLong nanos = new AtomicLong();

    Shell(Path folder) throws IOException {
        this.folder = folder;
        AUTHORITY
                .issue(PeerName.operator("kim"), Set.of(), Duration.ofHours(1))
                .store(Files.createDirectory(folder.resolve("kim")));
    }

    /** The addresses of cluster acme, tried in this order. */
    void addresses(String... addresses) throws IOException {
        List<String> quoted = List.of(addresses).stream().map(a -> "'" + a + "'").toList();
        Files.writeString(
                folder.resolve("contexts.yaml"),
                """
                contexts:
                  - name: acme
                    addresses: [%s]
                    tls: {ca: kim/ca.pem, certificate: kim/cert.pem, key: kim/key.pem}
                """
                        .formatted(String.join(", ", quoted)));
    }

    /** Runs a command; what earlier ones printed is forgotten. */
    int run(String... arguments) {
        out.reset();
        err.reset();
        Surroundings surroundings =
                new Surroundings(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        Map.of("SLUICE_CONFIG", folder.resolve("contexts.yaml").toString()),
                        InstantSource.fixed(NOW),
                        nanos::get,
                        length -> nanos.addAndGet(length.toNanos()),
                        () -> false,
                        () -> Optional.ofNullable(typed.poll()));
        return SluiceCli.run(surroundings, arguments);
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    /** An address where nobody listens: its port was free a moment ago. */
    static String deadAddress() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "127.0.0.1:" + socket.getLocalPort();
        }
    }
}
