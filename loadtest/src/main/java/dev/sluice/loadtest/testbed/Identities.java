package dev.sluice.loadtest.testbed;

import dev.sluice.trust.packages.PackageSigner;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;

/**
 * The certificates of a test cluster, made anew for each: a CA, an identity for every process, a
 * package signer.
 */
final class Identities {

    private static final Duration VALIDITY = Duration.ofDays(7);
    private static final Set<String> HOSTS = Set.of("127.0.0.1", "localhost");

    private Identities() {}

    /** Makes all of them; returns what signs packages. */
    static PackageSigner create(Layout layout) throws IOException {
        InstantSource clock = InstantSource.system();
        CertificateAuthority authority =
                CertificateAuthority.create("sluice test cluster", VALIDITY.plusDays(1), clock);
        for (String id : layout.agentIds()) {
            store(authority, PeerName.node(id), layout.identity("node-" + id));
        }
        for (Layout.MasterPlace master : layout.masters()) {
            store(
                    authority,
                    PeerName.master(master.id()),
                    layout.identity("master-" + master.id()));
        }
        store(authority, PeerName.operator("demo"), layout.identity("operator"));
        store(authority, PeerName.node("bmc"), layout.identity("bmc"));
        PackageSigningKey key = PackageSigningKey.create("sluice test packages", VALIDITY, clock);
        key.store(
                layout.signerCertificate(),
                layout.root().resolve("pki").resolve("package-signer-key.pem"));
        return new PackageSigner(key, clock);
    }

    private static void store(CertificateAuthority authority, PeerName name, Path directory)
            throws IOException {
        Files.createDirectories(directory);
        authority.issue(name, HOSTS, VALIDITY).store(directory);
    }
}
