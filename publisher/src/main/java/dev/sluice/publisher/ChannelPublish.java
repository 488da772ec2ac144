package dev.sluice.publisher;

import dev.sluice.trust.channel.ChannelPackage;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.Sha256;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.packages.Verification;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Adds packages to a channel. */
@Command(
        name = "publish",
        description = {
            "Adds packages to a channel.",
            "Each is judged first as a node would; its release counter must be a new highest one."
        })
final class ChannelPublish extends Signing {
    private static final int BUFFER_BYTES = 1 << 18;

    @Option(
            names = "--package",
            required = true,
            paramLabel = "FILE",
            description = "A package; may be given several times.")
    private List<Path> packages = new ArrayList<>();

    @Option(
            names = "--signers",
            required = true,
            paramLabel = "PEM",
            description = "The certificates that the clusters pin.")
    private Path signers = Path.of("");

    ChannelPublish(InstantSource clock) {
        super(clock);
    }

    @Override
    public Integer call() throws IOException {
        SignatureVerifier verifier = new SignatureVerifier(TrustedSigners.load(signers), clock());
        List<ChannelDirectory.Incoming> incoming = new ArrayList<>();
        for (Path file : packages) {
            incoming.add(judged(file, verifier));
        }
        return changed(channel -> channel.publish(incoming));
    }

    private static ChannelDirectory.Incoming judged(Path file, SignatureVerifier verifier)
            throws IOException {
        return switch (PackageReader.verify(file, verifier)) {
            case Verification.Refused(String reason) ->
                    throw PublisherException.refused(file + ": " + reason);
            case Verification.Verified(var _, var manifest) -> {
                PackageHead head = PackageReader.open(file);
                yield new ChannelDirectory.Incoming(
                        file,
                        ChannelPackage.of(
                                manifest,
                                digest(file),
                                ChannelPackage.Digest.of(head.manifestBytes()),
                                ChannelPackage.Digest.of(head.signatureBytes())),
                        head.manifestBytes(),
                        head.signatureBytes());
            }
        };
    }

    private static ChannelPackage.Digest digest(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[BUFFER_BYTES];
            long size = 0;
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
                size += count;
            }
            return new ChannelPackage.Digest(size, Sha256.of(digest.digest()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
