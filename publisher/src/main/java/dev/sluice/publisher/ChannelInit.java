package dev.sluice.publisher;

import dev.sluice.trust.channel.ChannelName;
import dev.sluice.trust.channel.ChannelRole;
import dev.sluice.trust.x509.KeyPassword;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a channel: its keys, its first root, no packages. */
@Command(
        name = "init",
        description = {
            "Makes a channel: its keys, its first root, no packages.",
            "DIR/public is what a web server serves; DIR/keys has to stay away from it."
        })
final class ChannelInit extends Leaf.Answering {
    private final InstantSource clock;
    @Mixin private Leaf.Password password = new Leaf.Password();

    @Parameters(paramLabel = "DIR", description = "Where it is made; must not exist or be empty.")
    private Path directory = Path.of("");

    @Option(
            names = "--name",
            required = true,
            paramLabel = "NAME",
            description = "The channel's name, such as stable.")
    private String name = "";

    @Option(
            names = "--root-keys",
            paramLabel = "N",
            description = "How many root keys (default: ${DEFAULT-VALUE}).")
    private int rootKeys = 1;

    @Option(
            names = "--root-threshold",
            paramLabel = "N",
            description = "How many of them must sign (default: ${DEFAULT-VALUE}).")
    private int rootThreshold = 1;

    @Option(
            names = "--ml-dsa",
            description = "Adds an ML-DSA-65 key to every role, which must sign as well.")
    private boolean mlDsa;

    @Option(
            names = "--first-version",
            paramLabel = "N",
            description =
                    "For a channel that takes the place of a lost one: above every version that clients have seen (default: ${DEFAULT-VALUE}).")
    private long firstVersion = 1;

    ChannelInit(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        if (Files.exists(directory)) {
            try (var found = Files.list(directory)) {
                if (found.findAny().isPresent()) {
                    throw PublisherException.badInput(directory + " is not empty");
                }
            }
        }
        if (rootKeys < 1 || rootThreshold < 1 || rootThreshold > rootKeys) {
            throw PublisherException.badInput(
                    "expected --root-threshold from 1 to --root-keys, found "
                            + rootThreshold
                            + " of "
                            + rootKeys);
        }
        ChannelName channel = new ChannelName(name);
        Optional<KeyPassword> opened = password.read();
        Keyring.Drawn drawn = drawn(ChannelRole.ROOT, rootKeys, rootThreshold);
        for (ChannelRole role :
                List.of(ChannelRole.TARGETS, ChannelRole.SNAPSHOT, ChannelRole.TIMESTAMP)) {
            drawn = drawn.and(drawn(role, 1, 1));
        }
        Path keys = directory.resolve("keys");
        Files.createDirectories(directory);
        Files.createDirectory(
                keys,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        drawn.store(keys, firstVersion, opened);
        ChannelDirectory.create(directory, channel, firstVersion, drawn, clock.instant());
        Map<String, Object> document = Output.document();
        document.put("channel", name);
        document.put("root", ChannelDirectory.firstRoot(directory).toString());
        document.put("keys", keys.toString());
        document.put("encrypted", opened.isPresent());
        print(document);
        return Publisher.DONE;
    }

    private Keyring.Drawn drawn(ChannelRole role, int count, int threshold) {
        List<SignatureScheme> schemes =
                new ArrayList<>(Collections.nCopies(count, SignatureScheme.ECDSA_P256));
        if (mlDsa) {
            // All must sign then: a threshold counts keys, and not kinds of keys.
            schemes.add(SignatureScheme.ML_DSA_65);
            return Keyring.Drawn.one(role, schemes, schemes.size());
        }
        return Keyring.Drawn.one(role, schemes, threshold);
    }
}
