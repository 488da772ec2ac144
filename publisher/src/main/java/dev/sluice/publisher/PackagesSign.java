package dev.sluice.publisher;

import dev.sluice.trust.packages.PackageBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Adds a signature to a package, or puts one in the place of that of its kind. */
@Command(
        name = "sign",
        description = {
            "Adds a signature to a package.",
            "One by a key of the same kind is replaced; everything else stays as it is."
        })
final class PackagesSign extends Leaf.Making {
    private final InstantSource clock;
    @Mixin private SigningKeys keys = new SigningKeys();

    @Parameters(paramLabel = "FILE", description = "The package.")
    private Path file = Path.of("");

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "The signed package; without it, FILE itself is replaced.")
    private @Nullable Path target;

    PackagesSign(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        Path to = target == null ? file : target;
        PackageBuilder.sign(file, keys.any(clock), to);
        Map<String, Object> document = Output.document();
        document.put("file", to.toString());
        print(document);
        return Publisher.DONE;
    }
}
