package dev.sluice.control.peer;

import com.google.protobuf.ByteString;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.peer.RelationKey.Bytes;
import dev.sluice.control.peer.RelationKey.Handshake;
import dev.sluice.control.peer.RelationKey.Side;
import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.ChallengeRequest;
import dev.sluice.v1.ChallengeResponse;
import dev.sluice.v1.ProveRequest;
import dev.sluice.v1.ProveResponse;
import dev.sluice.v1.RelationServiceGrpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets other masters prove that they have the key, and dials them back. The server must have {@link
 * PeerIdentity#interceptor} and threads that may block.
 */
public final class RelationEndpoint extends RelationServiceGrpc.RelationServiceImplBase {

    private static final Logger LOG = LoggerFactory.getLogger(RelationEndpoint.class);

    /** Challenges that wait for their proof; of more, the oldest are forgotten. */
    private static final int MAX_CHALLENGES = 64;

    private static final long CHALLENGE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int MAX_ADDRESS = 300;

    private final Relation relation;
    private final Dialler dialler;
    private final LongSupplier ticker;
    private final SecureRandom random = new SecureRandom();
    private final Map<Bytes, Challenge> challenges = new LinkedHashMap<>();

    /** The certificate with which each master proved the key to this process. */
    private final Map<NodeId, X509Certificate> proven = new ConcurrentHashMap<>();

    /** Whose key differed the last time: that is told once, and not at each attempt. */
    private final Set<NodeId> differing = ConcurrentHashMap.newKeySet();

    private record Challenge(NodeId dialer, long atNanos) {}

    /**
     * The service.
     *
     * @param ticker nanoseconds of a monotonic clock
     */
    public RelationEndpoint(Relation relation, LongSupplier ticker) {
        this.relation = relation;
        this.dialler = new Dialler(relation.identity());
        this.ticker = ticker;
    }

    private NodeId dialer() {
        NodeId master = new NodeId(PeerIdentity.require(PeerName.Kind.MASTER).id());
        if (!relation.masters().containsKey(master)) {
            throw Status.PERMISSION_DENIED
                    .withDescription(
                            "master %s: expected one of %s, the other masters in the configuration of master %s"
                                    .formatted(
                                            master, relation.masters().keySet(), relation.self()))
                    .asRuntimeException();
        }
        return master;
    }

    @Override
    public void challenge(ChallengeRequest request, StreamObserver<ChallengeResponse> observer) {
        NodeId dialer;
        try {
            dialer = dialer();
        } catch (StatusRuntimeException e) {
            observer.onError(e);
            return;
        }
        byte[] nonce = new byte[RelationKey.NONCE_BYTES];
        random.nextBytes(nonce);
        ByteString value = ByteString.copyFrom(nonce);
        synchronized (challenges) {
            if (challenges.size() >= MAX_CHALLENGES) {
                challenges.remove(challenges.keySet().iterator().next());
            }
            challenges.put(new Bytes(value), new Challenge(dialer, ticker.getAsLong()));
        }
        observer.onNext(
                ChallengeResponse.newBuilder()
                        .setMasterId(relation.self().value())
                        .setNonce(value)
                        .build());
        observer.onCompleted();
    }

    @Override
    public void prove(ProveRequest request, StreamObserver<ProveResponse> observer) {
        ProveResponse response;
        try {
            response = proved(request, dialer());
        } catch (StatusRuntimeException e) {
            observer.onError(e);
            return;
        }
        observer.onNext(response);
        observer.onCompleted();
    }

    private ProveResponse proved(ProveRequest request, NodeId dialer) {
        requireChallenge(request, dialer);
        X509Certificate certificate = PeerIdentity.certificate();
        Handshake handshake =
                new Handshake(
                        dialer,
                        relation.self(),
                        new Bytes(request.getOwnNonce()),
                        new Bytes(request.getNonce()),
                        certificate,
                        relation.identity().certificate());
        boolean same =
                relation.key().confirms(Side.DIALER, handshake, request.getProof().toByteArray());
        ProveResponse.Builder response = ProveResponse.newBuilder().setSameKey(same);
        if (same) {
            differing.remove(dialer);
            if (!certificate.equals(proven.put(dialer, certificate))) {
                LOG.info("Master {} proved that it has the key", dialer);
            }
            response.setProof(ByteString.copyFrom(relation.key().proof(Side.ANSWERER, handshake)))
                    .setAddress(Relation.text(relation.address()));
        } else {
            proven.remove(dialer);
            if (differing.add(dialer)) {
                LOG.warn("Master {} has another key; interApplianceKeyFile differs", dialer);
            }
        }
        if (request.getCheckAddresses()) {
            dialBack(request, dialer, same, response);
        }
        return response.build();
    }

    private void requireChallenge(ProveRequest request, NodeId dialer) {
        Challenge challenge;
        synchronized (challenges) {
            challenge = challenges.remove(new Bytes(request.getNonce()));
        }
        if (challenge == null
                || !challenge.dialer().equals(dialer)
                || ticker.getAsLong() - challenge.atNanos() > CHALLENGE_NANOS) {
            throw Status.FAILED_PRECONDITION
                    .withDescription(
                            "master %s: expected the nonce of a challenge of the last 30 s, found another"
                                    .formatted(dialer))
                    .asRuntimeException();
        }
        if (request.getOwnNonce().size() != RelationKey.NONCE_BYTES
                || request.getAddress().length() > MAX_ADDRESS) {
            throw Status.INVALID_ARGUMENT
                    .withDescription(
                            "master %s: expected a nonce of %d bytes and an address of at most %d characters, found %d and %d"
                                    .formatted(
                                            dialer,
                                            RelationKey.NONCE_BYTES,
                                            MAX_ADDRESS,
                                            request.getOwnNonce().size(),
                                            request.getAddress().length()))
                    .asRuntimeException();
        }
    }

    /** An address that was only told is dialled for masters with the key alone. */
    private void dialBack(
            ProveRequest request, NodeId dialer, boolean same, ProveResponse.Builder response) {
        InetSocketAddress configured = relation.masters().get(dialer);
        if (configured != null) {
            response.addChecks(
                    Dialled.check(
                            relation.self(),
                            dialer,
                            Relation.text(configured),
                            dialler.dial(configured)));
        }
        String told = request.getAddress();
        if (same
                && !told.isEmpty()
                && (configured == null || !told.equals(Relation.text(configured)))) {
            response.addChecks(RelationClient.dialTold(dialler, relation.self(), dialer, told));
        }
    }

    /** Lets the calls of a service through only for masters that have proved the key. */
    public ServerInterceptor gate() {
        return new Gate();
    }

    private final class Gate implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            PeerName peer = PeerIdentity.current();
            if (peer.kind() == PeerName.Kind.MASTER
                    && !PeerIdentity.certificate().equals(proven.get(new NodeId(peer.id())))) {
                call.close(
                        Status.FAILED_PRECONDITION.withDescription(
                                "master %s: has not proved to this process of master %s that it has the key"
                                        .formatted(peer.id(), relation.self())),
                        RelationClient.unproven());
                return new ServerCall.Listener<>() {};
            }
            return next.startCall(call, headers);
        }
    }
}
