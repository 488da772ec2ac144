package dev.sluice.agent.stage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.agent.config.HostPort;
import dev.sluice.agent.ledger.FileLedgerStorage;
import dev.sluice.agent.ledger.Ledger;
import dev.sluice.agent.ledger.Outcome;
import dev.sluice.transfer.patch.Zstd;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageSigningKey;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.v1.StagePackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A node's stage area with its transfers. */
final class StageNode implements AutoCloseable {

    private static final InstantSource CLOCK = InstantSource.system();

    final String id;
    final Path home;
    final Ledger ledger;
    final StageArea area;
    final ContentTransfers transfers;
    final Stager stager;

    /** Where the master on this node serves contents. */
    volatile Optional<Source> ownMaster = Optional.empty();

    private final Semaphore changed = new Semaphore(0);

    StageNode(
            Path root,
            String id,
            CertificateAuthority authority,
            PackageSigningKey signer,
            Optional<Zstd> zstd)
            throws IOException {
        this.id = id;
        this.home = Files.createDirectories(root.resolve(id));
        this.ledger = Ledger.open(new FileLedgerStorage(home.resolve("ledger")), id);
        this.area = new StageArea(home.resolve("staged"));
        ReceivedBytes received = new ReceivedBytes(ledger);
        this.transfers =
                ContentTransfers.start(
                        new ContentTransfers.Ports(
                                area,
                                home.resolve("patches"),
                                zstd,
                                received,
                                changed::release,
                                TlsIdentity.of(
                                        authority.issue(
                                                PeerName.node(id), Set.of(), Duration.ofDays(1)),
                                        CLOCK),
                                DiskSpace.system(),
                                () -> ownMaster),
                        new HostPort("127.0.0.1", 0));
        this.stager =
                new Stager(
                        area,
                        new SignatureVerifier(TrustedSigners.of(signer.certificate()), CLOCK),
                        (_, _, _) -> {
                            throw new IOException("gRPC is not to be used");
                        },
                        Optional.of(transfers),
                        received,
                        new StageRoom(area, new KeptPackages(), List::of, () -> Long.MAX_VALUE),
                        changed::release);
    }

    FutureTask<Outcome> stage(StagePackage order) {
        FutureTask<Outcome> staging = new FutureTask<>(() -> stager.stage(order));
        Thread.ofVirtual().start(staging);
        return staging;
    }

    StageNode holding(Manifest manifest, PackageHead head, Path file) throws IOException {
        area.adopt(manifest, head, file);
        return this;
    }

    byte[] staged(String sha256) throws IOException {
        return Files.readAllBytes(area.content(sha256).orElseThrow());
    }

    String address() {
        return "127.0.0.1:" + transfers.port();
    }

    /** Waits for something that is reported. */
    void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            assertThat(changed.tryAcquire(60, TimeUnit.SECONDS)).as(id).isTrue();
        }
    }

    @Override
    public void close() {
        transfers.close();
        ledger.close();
    }
}
