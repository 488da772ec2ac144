package dev.sluice.agent;

import dev.sluice.agent.config.AgentConfig;
import dev.sluice.agent.install.Slot;
import dev.sluice.agent.install.Slots;
import dev.sluice.agent.stage.StageArea;
import dev.sluice.trust.packages.InvalidPackageException;
import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.PackageKind;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.packages.Role;
import dev.sluice.trust.packages.SignatureVerifier;
import dev.sluice.trust.packages.Verification;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Sets a node up with its first packages, from files, before it knows any master. */
final class Provisioning {

    private final Layout layout;
    private final Slots slots;
    private final SignatureVerifier signatures;

    Provisioning(AgentConfig config, SignatureVerifier signatures) {
        this.layout = new Layout(config.dataDir());
        this.slots = new Slots(layout.slots(), roleOf(config));
        this.signatures = signatures;
    }

    static Role roleOf(AgentConfig config) {
        return switch (config.role()) {
            case MASTER -> Role.MASTER;
            case TRAFFIC -> Role.TRAFFIC;
        };
    }

    /**
     * Verifies all files, then makes each the current slot.
     *
     * @return what was done, one line a package
     */
    List<String> install(List<Path> files) throws IOException {
        List<Manifest> manifests = new ArrayList<>();
        for (Path file : files) {
            manifests.add(verified(file));
        }
        slots.clean();
        StageArea area = new StageArea(layout.staged());
        List<String> done = new ArrayList<>();
        for (int at = 0; at < files.size(); at++) {
            Manifest manifest = manifests.get(at);
            area.adopt(manifest, PackageReader.open(files.get(at)), files.get(at));
            Path content =
                    area.content(manifest.content().sha256().hex())
                            .orElseThrow(() -> new IOException(manifest.title() + ": not staged"));
            Slot slot = slots.unpack(manifest, manifest.encoded(), content);
            slots.activate(slot);
            done.add(manifest.title() + " is the current slot");
        }
        return done;
    }

    private Manifest verified(Path file) throws IOException {
        Manifest manifest =
                switch (PackageReader.verify(file, signatures)) {
                    case Verification.Verified verified -> verified.manifest();
                    case Verification.Refused refused ->
                            throw new InvalidPackageException(file + ": " + refused.reason());
                };
        if (manifest.kind() == PackageKind.BASE) {
            throw new InvalidPackageException(
                    "%s: %s is a BASE package; the hardware says itself what it runs, leave it out"
                            .formatted(file, manifest.title()));
        }
        return manifest;
    }
}
