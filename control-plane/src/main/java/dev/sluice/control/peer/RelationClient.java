package dev.sluice.control.peer;

import com.google.protobuf.ByteString;
import dev.sluice.control.api.Relations;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.peer.RelationKey.Bytes;
import dev.sluice.control.peer.RelationKey.Handshake;
import dev.sluice.control.peer.RelationKey.Side;
import dev.sluice.v1.ChallengeRequest;
import dev.sluice.v1.ChallengeResponse;
import dev.sluice.v1.ProveRequest;
import dev.sluice.v1.ProveResponse;
import dev.sluice.v1.RelationCheck;
import dev.sluice.v1.RelationCheck.Outcome;
import dev.sluice.v1.RelationServiceGrpc;
import dev.sluice.v1.ReplicationServiceGrpc;
import dev.sluice.v1.SessionRecordServiceGrpc;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Proves to other masters that this one has the key, and looks whether they find each other. */
public final class RelationClient {

    private static final Logger LOG = LoggerFactory.getLogger(RelationClient.class);

    private static final Metadata.Key<String> UNPROVEN =
            Metadata.Key.of("sluice-relation", Metadata.ASCII_STRING_MARSHALLER);

    /** Two small messages; dialling back takes the other master up to 8 s. */
    private static final long LONGEST_PROOF_SECONDS = 3;

    private static final long LONGEST_CHECK_SECONDS = 9;

    /** The services behind the other side's gate. */
    private static final Set<String> GATED =
            Set.of(ReplicationServiceGrpc.SERVICE_NAME, SessionRecordServiceGrpc.SERVICE_NAME);

    private final Relation relation;
    private final Dialler dialler;
    private final SecureRandom random = new SecureRandom();
    private final Set<NodeId> proven = ConcurrentHashMap.newKeySet();

    /** Whose key differed at the last attempt: that is told once, and not at each. */
    private final Set<NodeId> complained = ConcurrentHashMap.newKeySet();

    public RelationClient(Relation relation) {
        this.relation = relation;
        this.dialler = new Dialler(relation.identity());
    }

    /** What a server adds to its refusal of a master that has not proved the key. */
    static Metadata unproven() {
        Metadata trailers = new Metadata();
        trailers.put(UNPROVEN, "unproven");
        return trailers;
    }

    /** The same as {@link #check}, for the operators' service. */
    public Relations over(Map<NodeId, ? extends Channel> channels) {
        return () -> check(channels);
    }

    /**
     * Looks at everything between this master and the others; takes seconds for those away.
     *
     * @param channels to the other masters, which accept that master's certificate alone
     */
    List<RelationCheck> check(Map<NodeId, ? extends Channel> channels) {
        List<RelationCheck> checks = new ArrayList<>();
        relation.masters()
                .forEach((master, address) -> {
                    Channel channel = channels.get(master);
                    if (channel != null) {
                        check(master, address, channel, checks);
                    }
                });
        return checks;
    }

    private void check(
            NodeId master, InetSocketAddress address, Channel channel, List<RelationCheck> checks) {
        RelationCheck reached =
                Dialled.check(
                        relation.self(), master, Relation.text(address), dialler.dial(address));
        checks.add(reached);
        if (reached.getOutcome() != Outcome.OUTCOME_GOOD) {
            checks.add(
                    key(
                            master,
                            Outcome.OUTCOME_NOT_CHECKED,
                            "master %s is not found at its address".formatted(master)));
            return;
        }
        ProveResponse response;
        try {
            response = prove(master, channel, true);
        } catch (StatusRuntimeException e) {
            checks.add(key(master, Outcome.OUTCOME_NOT_CHECKED, words(e)));
            return;
        }
        checks.add(
                response.getSameKey()
                        ? key(master, Outcome.OUTCOME_GOOD, "both have the same key")
                        : key(
                                master,
                                Outcome.OUTCOME_KEY_DIFFERS,
                                "master %s has another key: interApplianceKeyFile differs"
                                        .formatted(master)));
        checks.addAll(response.getChecksList());
        String told = response.getAddress();
        if (!told.isEmpty() && !told.equals(Relation.text(address))) {
            checks.add(dialTold(dialler, relation.self(), master, told));
        }
    }

    private RelationCheck key(NodeId master, Outcome outcome, String found) {
        return RelationCheck.newBuilder()
                .setSeenBy(relation.self().value())
                .setMaster(master.value())
                .setOutcome(outcome)
                .setFound(found)
                .build();
    }

    /** Dials the address at which another master says that it is reached. */
    static RelationCheck dialTold(Dialler dialler, NodeId self, NodeId master, String told) {
        int colon = told.lastIndexOf(':');
        try {
            int port = Integer.parseInt(told.substring(colon + 1));
            String host = told.substring(0, Math.max(0, colon)).replaceAll("[\\[\\]]", "");
            return Dialled.check(
                    self,
                    master,
                    told,
                    dialler.dial(InetSocketAddress.createUnresolved(host, port)));
        } catch (IllegalArgumentException _) {
            return Dialled.check(self, master, told, new Dialled.Unresolvable(told));
        }
    }

    private static String words(StatusRuntimeException e) {
        String description = e.getStatus().getDescription();
        return description == null ? e.getStatus().getCode().name() : description;
    }

    /**
     * Has both sides prove the key over this channel.
     *
     * @return whose {@code same_key} is true only when the other side has proved it as well
     */
    private ProveResponse prove(NodeId master, Channel channel, boolean addresses) {
        AtomicReference<@Nullable X509Certificate> shown = new AtomicReference<>();
        RelationServiceGrpc.RelationServiceBlockingStub stub =
                RelationServiceGrpc.newBlockingStub(channel)
                        .withInterceptors(new PeerCertificate(shown))
                        .withDeadlineAfter(
                                addresses ? LONGEST_CHECK_SECONDS : LONGEST_PROOF_SECONDS,
                                TimeUnit.SECONDS);
        ChallengeResponse challenge = stub.challenge(ChallengeRequest.getDefaultInstance());
        X509Certificate certificate = shown.get();
        if (certificate == null) {
            throw Status.UNAUTHENTICATED
                    .withDescription("master %s showed no certificate".formatted(master))
                    .asRuntimeException();
        }
        byte[] nonce = new byte[RelationKey.NONCE_BYTES];
        random.nextBytes(nonce);
        Handshake handshake =
                new Handshake(
                        relation.self(),
                        master,
                        new Bytes(ByteString.copyFrom(nonce)),
                        new Bytes(challenge.getNonce()),
                        relation.identity().certificate(),
                        certificate);
        ProveResponse response =
                stub.prove(
                        ProveRequest.newBuilder()
                                .setNonce(challenge.getNonce())
                                .setOwnNonce(handshake.dialerNonce().value())
                                .setProof(
                                        ByteString.copyFrom(
                                                relation.key().proof(Side.DIALER, handshake)))
                                .setAddress(Relation.text(relation.address()))
                                .setCheckAddresses(addresses)
                                .build());
        boolean same =
                response.getSameKey()
                        && relation.key()
                                .confirms(
                                        Side.ANSWERER,
                                        handshake,
                                        response.getProof().toByteArray());
        return same == response.getSameKey()
                ? response
                : response.toBuilder().setSameKey(false).clearAddress().build();
    }

    /**
     * Proves the key before the first call of a service behind the gate, and again when the other
     * master's process is a new one. Blocks the caller's thread for at most 3 s.
     */
    public ClientInterceptor proving(NodeId master) {
        return new Proving(master);
    }

    private final class Proving implements ClientInterceptor {
        private final NodeId master;

        Proving(NodeId master) {
            this.master = master;
        }

        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(
                MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            if (GATED.contains(String.valueOf(method.getServiceName()))
                    && !proven.contains(master)) {
                try {
                    if (!prove(master, next, false).getSameKey()) {
                        if (complained.add(master)) {
                            LOG.error(
                                    "Master {} has another key than master {}: interApplianceKeyFile differs; nothing is followed",
                                    master,
                                    relation.self());
                        }
                        return new Failed<>(
                                Status.FAILED_PRECONDITION.withDescription(
                                        "master %s has another key than master %s: interApplianceKeyFile differs"
                                                .formatted(master, relation.self())));
                    }
                    proven.add(master);
                    complained.remove(master);
                } catch (StatusRuntimeException e) {
                    return new Failed<>(e.getStatus());
                }
            }
            return new Watched<>(next.newCall(method, options), master);
        }
    }

    private final class Watched<Q, A> extends SimpleForwardingClientCall<Q, A> {
        private final NodeId master;

        Watched(ClientCall<Q, A> call, NodeId master) {
            super(call);
            this.master = master;
        }

        @Override
        public void start(Listener<A> listener, Metadata headers) {
            super.start(
                    new SimpleForwardingClientCallListener<>(listener) {
                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            if (trailers.containsKey(UNPROVEN)) {
                                proven.remove(master);
                            }
                            super.onClose(status, trailers);
                        }
                    },
                    headers);
        }
    }

    /** A call that is over before it begins. */
    private static final class Failed<Q, A> extends ClientCall<Q, A> {
        private final Status status;

        Failed(Status status) {
            this.status = status;
        }

        @Override
        public void start(Listener<A> listener, Metadata headers) {
            listener.onClose(status, new Metadata());
        }

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {}

        @Override
        public void halfClose() {}

        @Override
        public void sendMessage(Q message) {}
    }

    /** Keeps the certificate that the server showed. */
    private record PeerCertificate(AtomicReference<@Nullable X509Certificate> shown)
            implements ClientInterceptor {
        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(
                MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void start(Listener<A> listener, Metadata headers) {
                    super.start(
                            new SimpleForwardingClientCallListener<>(listener) {
                                @Override
                                public void onHeaders(Metadata received) {
                                    keep(getAttributes());
                                    super.onHeaders(received);
                                }
                            },
                            headers);
                }
            };
        }

        private void keep(Attributes attributes) {
            SSLSession session = attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
            try {
                if (session != null) {
                    shown.set((X509Certificate) session.getPeerCertificates()[0]);
                }
            } catch (SSLPeerUnverifiedException _) {
                shown.set(null);
            }
        }
    }
}
