package dev.sluice.publisher;

import dev.sluice.trust.packages.Manifest;
import dev.sluice.trust.packages.ManifestDraft;
import dev.sluice.trust.packages.PackageBuilder;
import dev.sluice.trust.packages.PackageSigner;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes a package of a draft and a directory. */
@Command(name = "build", description = "Makes a package of a draft and a directory.")
final class PackagesBuild extends Leaf.Making {
    private final InstantSource clock;
    @Mixin private SigningKeys keys = new SigningKeys();

    @Option(
            names = "--draft",
            required = true,
            paramLabel = "FILE",
            description = "The manifest without its content.")
    private Path draft = Path.of("");

    @Option(
            names = "--payload",
            required = true,
            paramLabel = "DIR",
            description = "What the package holds.")
    private Path payload = Path.of("");

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            description = "The package.")
    private Path target = Path.of("");

    PackagesBuild(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        PackageSigner signer = keys.firstAndSecond(clock);
        Manifest manifest =
                PackageBuilder.build(ManifestDraft.parse(read(draft)), payload, signer, target);
        Map<String, Object> document = Output.document();
        document.put("package", manifest.title());
        document.put("file", target.toString());
        document.put("size", Files.size(target));
        document.put("content", manifest.content().sha256().hex());
        print(document);
        return Publisher.DONE;
    }

    private static byte[] read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(Manifest.MAX_BYTES + 1);
        }
    }
}
