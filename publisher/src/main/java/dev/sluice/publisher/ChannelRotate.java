package dev.sluice.publisher;

import dev.sluice.trust.channel.ChannelRole;
import dev.sluice.trust.x509.SignatureScheme;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Gives a role new keys. */
@Command(
        name = "rotate",
        description = {
            "Gives a role new keys by a new root, signed by the root keys before and after.",
            "Everything is signed anew; the old keys of the role are worth nothing afterwards."
        })
final class ChannelRotate extends Signing {
    @Option(
            names = "--role",
            required = true,
            paramLabel = "ROLE",
            description = "root, targets, snapshot or timestamp.")
    private ChannelRole role = ChannelRole.TIMESTAMP;

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "How many new ECDSA P-256 keys (default: ${DEFAULT-VALUE}).")
    private int count = 1;

    @Option(
            names = "--threshold",
            paramLabel = "N",
            description = "How many keys must sign (default: ${DEFAULT-VALUE}).")
    private int threshold = 1;

    @Option(names = "--ml-dsa", description = "Adds an ML-DSA-65 key; the threshold counts it.")
    private boolean mlDsa;

    ChannelRotate(InstantSource clock) {
        super(clock);
    }

    @Override
    public Integer call() throws IOException {
        List<SignatureScheme> schemes =
                new ArrayList<>(
                        Collections.nCopies(Math.max(0, count), SignatureScheme.ECDSA_P256));
        if (mlDsa) {
            schemes.add(SignatureScheme.ML_DSA_65);
        }
        if (threshold < 1 || threshold > schemes.size()) {
            throw PublisherException.badInput(
                    "expected --threshold from 1 to the number of keys, found "
                            + threshold
                            + " of "
                            + schemes.size());
        }
        Keyring.Drawn drawn = Keyring.Drawn.one(role, schemes, threshold);
        Path folder = folders().getFirst();
        var opened = password().read();
        return changed(channel -> {
            // The keys first: a root with keys that nobody has would be the channel's end.
            drawn.store(folder, channel.current().versions().root() + 1, opened);
            return channel.rotate(drawn);
        });
    }
}
