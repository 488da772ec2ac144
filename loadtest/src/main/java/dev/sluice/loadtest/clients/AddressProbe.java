package dev.sluice.loadtest.clients;

import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Asks the shared address again and again who answers there: a full TLS handshake, so that the name
 * is proven and only a control plane that lives counts.
 */
public final class AddressProbe implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 1_000;
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final InetSocketAddress address;
    private final SSLSocketFactory sockets;
    private final Duration pause;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;
    private final List<String> holders = new ArrayList<>();
    private long lastAnswerNanos;
    private long longestGapNanos;
    private long answers;

    /**
     * What was seen.
     *
     * @param longestGap the longest time between two answers
     * @param holders who answered, in order, each change once
     */
    public record Seen(Duration longestGap, long answers, List<String> holders) {
        public Seen {
            holders = List.copyOf(holders);
        }
    }

    /** Starts to ask ten times a second. */
    public AddressProbe(InetSocketAddress address, TlsIdentity identity) {
        this(address, identity, PAUSE);
    }

    /** Starts to ask, with this pause between an answer and the next question. */
    public AddressProbe(InetSocketAddress address, TlsIdentity identity, Duration pause) {
        this.pause = pause;
        this.address = address;
        this.sockets =
                identity.sslContext(PeerExpectation.kind(PeerName.Kind.MASTER)).getSocketFactory();
        this.thread = Thread.ofPlatform().name("address-probe").start(this::run);
    }

    private void run() {
        try {
            do {
                String holder = ask();
                if (holder != null) {
                    answered(holder);
                }
            } while (!stop.await(pause.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable String ask() {
        try (Socket plain = new Socket()) {
            plain.connect(address, TIMEOUT_MILLIS);
            plain.setSoTimeout(TIMEOUT_MILLIS);
            try (SSLSocket tls =
                    (SSLSocket)
                            sockets.createSocket(
                                    plain, address.getHostString(), address.getPort(), true)) {
                tls.startHandshake();
                return TlsIdentity.peer((X509Certificate) tls.getSession().getPeerCertificates()[0])
                        .id();
            }
        } catch (IOException | CertificateException _) {
            return null;
        }
    }

    private synchronized void answered(String holder) {
        long now = System.nanoTime();
        if (answers > 0) {
            longestGapNanos = Math.max(longestGapNanos, now - lastAnswerNanos);
        }
        lastAnswerNanos = now;
        answers++;
        if (holders.isEmpty() || !holders.getLast().equals(holder)) {
            holders.add(holder);
        }
    }

    /** Forgets the longest gap so far: the next is measured on its own. */
    public synchronized void forgetGap() {
        longestGapNanos = 0;
    }

    public synchronized Seen seen() {
        return new Seen(Duration.ofNanos(longestGapNanos), answers, holders);
    }

    @Override
    public void close() {
        stop.countDown();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
