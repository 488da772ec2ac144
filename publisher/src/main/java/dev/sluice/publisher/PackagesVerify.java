package dev.sluice.publisher;

import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.TrustedSigners;
import dev.sluice.trust.packages.Verification;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Judges a package as a node does. */
@Command(name = "verify", description = "Judges a package as a node does: every byte of it.")
final class PackagesVerify extends Leaf.Answering {
    private final InstantSource clock;

    @Parameters(paramLabel = "FILE", description = "The package.")
    private Path file = Path.of("");

    @Option(
            names = "--signers",
            required = true,
            paramLabel = "PEM",
            description = "The certificates that a cluster would pin.")
    private Path signers = Path.of("");

    PackagesVerify(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        SignatureVerifier verifier = new SignatureVerifier(TrustedSigners.load(signers), clock);
        return switch (PackageReader.verify(file, verifier)) {
            case Verification.Refused(String reason) ->
                    throw PublisherException.refused(file + ": " + reason);
            case Verification.Verified(String signer, var manifest) -> {
                Map<String, Object> document = Output.document();
                document.put("package", manifest.title());
                document.put("signedBy", signer);
                print(document);
                yield Publisher.DONE;
            }
        };
    }
}
