package dev.sluice.publisher;

import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.Requirement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Shows what a package says of itself. */
@Command(name = "inspect", description = "Shows what a package says of itself; verifies nothing.")
final class PackagesInspect extends Leaf.Answering {
    @Parameters(paramLabel = "FILE", description = "The package.")
    private Path file = Path.of("");

    @Override
    public Integer call() throws IOException {
        try {
            PackageHead head = PackageReader.open(file);
            print(document(Manifest.parse(head.manifestBytes())));
            return Publisher.DONE;
        } catch (InvalidPackageException e) {
            throw PublisherException.refused(file + ": " + e.reason());
        }
    }

    static Map<String, Object> document(Manifest manifest) {
        ManifestDraft draft = manifest.description();
        Map<String, Object> document = Output.document();
        document.put("name", draft.name().value());
        document.put("version", draft.version().value());
        document.put("kind", draft.kind().name());
        document.put("releaseCounter", draft.releaseCounter());
        document.put("requires", draft.requires().stream().map(Requirement::toString).toList());
        if (draft.minDirectUpgradeFrom() != null) {
            document.put("minDirectUpgradeFrom", draft.minDirectUpgradeFrom().value());
        }
        document.put("compatible", draft.compatible());
        document.put("contentSize", manifest.content().size());
        document.put("contentSha256", manifest.content().sha256().hex());
        document.put("rebootRequired", draft.rebootRequired());
        document.put("invalidatesClients", draft.invalidatesClients());
        if (draft.soak() != null) {
            document.put("soak", draft.soak().toString());
        }
        document.put("hasEula", draft.eula() != null);
        return document;
    }
}
