/**
 * Certificates between the members of a cluster: who a peer is, and how TLS connections prove it.
 *
 * <p>May depend on the JDK, Bouncy Castle and {@code x509}. Start with {@link
 * dev.sluice.trust.pki.TlsIdentity}; certificates come from {@link
 * dev.sluice.trust.pki.CertificateAuthority}.
 *
 * <pre>{@code
 * CertificateAuthority.create(String name, Duration validity, InstantSource) / .load(ca, key, InstantSource)
 *     .store(ca, key)  .issue(PeerName, Set<String> hosts, Duration validity) -> Credentials.store(dir)
 * TlsIdentity.load(Path dir, InstantSource) / .load(ca, cert, key, InstantSource) / .of(Credentials, ..)
 *     .self()  .expiry()  .keyManagerFactory()  .trustManagerFactory(PeerExpectation)
 *     .trustManager(PeerExpectation)  .sslContext(PeerExpectation)
 * TlsIdentity.peer(X509Certificate) -> PeerName      // of a verified peer
 * PeerExpectation.any() / .kind(MASTER, ..) / .exactly(PeerName)
 * }</pre>
 *
 * <p>Netty: {@code SslContextBuilder.forServer(id.keyManagerFactory()).trustManager(
 * id.trustManagerFactory(PeerExpectation.kind(NODE))).protocols(TlsIdentity.PROTOCOL)
 * .clientAuth(REQUIRE)}; as client also {@code .endpointIdentificationAlgorithm(null)}.
 */
@NullMarked
package dev.sluice.trust.pki;

import org.jspecify.annotations.NullMarked;
