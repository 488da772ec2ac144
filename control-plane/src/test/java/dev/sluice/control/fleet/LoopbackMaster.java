package dev.sluice.control.fleet;

import dev.sluice.control.pki.PeerIdentity;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerExpectation;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A gRPC server with mutual TLS on loopback, and channels to it for peers of its cluster. */
public final class LoopbackMaster implements AutoCloseable {

    private static final InstantSource CLOCK = InstantSource.system();

    private final CertificateAuthority authority =
            CertificateAuthority.create("acme", Duration.ofDays(10), CLOCK);
    private final Server server;
    private final List<ManagedChannel> channels = new ArrayList<>();

    public LoopbackMaster(BindableService service) throws Exception {
        TlsIdentity identity = identity(PeerName.master("m-a"));
        SslContext tls =
                GrpcSslContexts.configure(
                                SslContextBuilder.forServer(identity.keyManagerFactory()),
                                SslProvider.JDK)
                        .trustManager(identity.trustManagerFactory(PeerExpectation.any()))
                        .protocols(TlsIdentity.PROTOCOL)
                        .clientAuth(ClientAuth.REQUIRE)
                        .build();
        server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .sslContext(tls)
                        .maxInboundMessageSize(AgentLinkEndpoint.MAX_MESSAGE_BYTES)
                        .intercept(PeerIdentity.interceptor())
                        .addService(service)
                        .build()
                        .start();
    }

    private TlsIdentity identity(PeerName name) throws Exception {
        return TlsIdentity.of(authority.issue(name, Set.of(), Duration.ofDays(1)), CLOCK);
    }

    public ManagedChannel channel(PeerName as) throws Exception {
        TlsIdentity identity = identity(as);
        SslContext tls =
                GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
                        .keyManager(identity.keyManagerFactory())
                        .trustManager(
                                identity.trustManagerFactory(
                                        PeerExpectation.exactly(PeerName.master("m-a"))))
                        .endpointIdentificationAlgorithm(null)
                        .protocols(TlsIdentity.PROTOCOL)
                        .build();
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(
                                new InetSocketAddress(
                                        InetAddress.getLoopbackAddress(), server.getPort()))
                        .sslContext(tls)
                        .build();
        channels.add(channel);
        return channel;
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        server.shutdownNow();
    }
}
