package dev.sluice.cli.connect;

import dev.sluice.cli.outcome.CommandFailure;
import dev.sluice.cli.outcome.ExitCode;
import dev.sluice.v1.GetStatusRequest;
import dev.sluice.v1.GetStatusResponse;
import dev.sluice.v1.OperatorServiceGrpc;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.okhttp.OkHttpChannelBuilder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Reaches a cluster through the first of its addresses that leads to a master which will do it.
 *
 * <p>A call goes to the next address only while nothing can have happened: no connection was made,
 * or the master said that it is not the primary. A call that was lost on the way is an error.
 */
public final class ClusterClient implements AutoCloseable {
    /** A master on the other side of the earth, with two lost packets. */
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);

    /** How long a connection without any word from the master is believed in. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(20);

    private static final Duration KEEP_ALIVE_LIMIT = Duration.ofSeconds(10);
    private static final int MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
    private static final String[] CIPHERS = {
        "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"
    };

    private final ClusterAccess access;
    private final SSLContext tls;
    private @Nullable Connection current;

    public ClusterClient(ClusterAccess access) {
        this.access = access;
        this.tls = PemIdentity.tls(access);
    }

    /** Signs bytes with the operator's own key, which stays where it is. */
    public Signed sign(byte[] content) {
        return PemIdentity.sign(access, content);
    }

    /**
     * Runs a call at the master that will do it.
     *
     * @throws CommandFailure when no master can be reached, or the answer is an error
     */
    public <T> T call(Function<Connection, T> call) {
        Map<String, String> tried = new LinkedHashMap<>();
        @Nullable CommandFailure refused = null;
        for (Address address : access.addresses()) {
            Connection connection = connect(address, tried);
            if (connection == null) {
                continue;
            }
            try {
                return call.apply(connection);
            } catch (StatusRuntimeException e) {
                CommandFailure failure = Failures.of(e);
                if (!Failures.isNotPrimary(e)) {
                    throw failure.with("master", address.toString());
                }
                refused = failure.with("master", address.toString());
            }
        }
        throw refused == null ? unreachable(tried) : refused;
    }

    /**
     * The first connection whose master answers as wanted; null: there is none.
     *
     * @param tried gets why the others are not it, by their addresses
     */
    @Nullable Connection find(
            Predicate<GetStatusResponse> wanted, Duration limit, Map<String, String> tried) {
        for (Address address : access.addresses()) {
            Connection connection = connect(address, tried);
            if (connection == null) {
                continue;
            }
            try {
                GetStatusResponse status =
                        connection.within(limit).getStatus(GetStatusRequest.getDefaultInstance());
                if (wanted.test(status)) {
                    return connection;
                }
                tried.put(
                        address.toString(), "master " + status.getAnsweredBy() + " answers there");
            } catch (StatusRuntimeException e) {
                tried.put(address.toString(), Failures.rootCause(e));
            }
        }
        return null;
    }

    private CommandFailure unreachable(Map<String, String> tried) {
        Map<String, String> details = new LinkedHashMap<>(tried);
        details.put(
                "next",
                "see that a control plane runs there and that the addresses and certificates are"
                        + " right: sluice context show");
        return new CommandFailure(
                ExitCode.UNREACHABLE,
                "no master of " + access.name() + " could be reached; nothing was changed",
                details);
    }

    private @Nullable Connection connect(Address address, Map<String, String> tried) {
        Connection known = current;
        if (known != null
                && known.address().equals(address)
                && known.channel().getState(false) == ConnectivityState.READY) {
            return known;
        }
        close();
        ManagedChannel channel =
                OkHttpChannelBuilder.forAddress(address.host(), address.port())
                        .sslSocketFactory(tls.getSocketFactory())
                        .tlsConnectionSpec(new String[] {"TLSv1.3"}, CIPHERS)
                        // The certificate's URI says who answers, see MasterTrust.
                        .hostnameVerifier((host, session) -> true)
                        .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
                        .keepAliveTimeout(KEEP_ALIVE_LIMIT.toSeconds(), TimeUnit.SECONDS)
                        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                        .directExecutor()
                        .build();
        Connection connection = new Connection(address, channel);
        current = connection;
        if (isReady(channel)) {
            return connection;
        }
        tried.put(address.toString(), whyNot(channel));
        close();
        return null;
    }

    private static boolean isReady(ManagedChannel channel) {
        long end = System.nanoTime() + CONNECT_LIMIT.toNanos();
        ConnectivityState state = channel.getState(true);
        while (state == ConnectivityState.IDLE || state == ConnectivityState.CONNECTING) {
            CountDownLatch changed = new CountDownLatch(1);
            channel.notifyWhenStateChanged(state, changed::countDown);
            try {
                if (!changed.await(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return false;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
            state = channel.getState(true);
        }
        return state == ConnectivityState.READY;
    }

    /** A channel doesn't tell why it failed; a call on it does, and status is only a question. */
    private static String whyNot(ManagedChannel channel) {
        if (channel.getState(false) == ConnectivityState.CONNECTING) {
            return "no connection within " + CONNECT_LIMIT.toSeconds() + " s";
        }
        try {
            OperatorServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(CONNECT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                    .getStatus(GetStatusRequest.getDefaultInstance());
            return "it was away for a moment";
        } catch (StatusRuntimeException e) {
            return Failures.rootCause(e);
        }
    }

    @Override
    public void close() {
        Connection known = current;
        current = null;
        if (known != null) {
            known.channel().shutdownNow();
        }
    }
}
