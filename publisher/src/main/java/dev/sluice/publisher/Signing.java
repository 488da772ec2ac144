package dev.sluice.publisher;

import dev.sluice.trust.channel.Channel;
import dev.sluice.trust.channel.ChannelPackage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A command that signs something of a channel. */
@Command
abstract class Signing extends Leaf.Answering {
    private final InstantSource clock;
    @Mixin private Leaf.Password password = new Leaf.Password();

    @Parameters(paramLabel = "DIR", description = "The channel, as 'channel init' made it.")
    private Path directory = Path.of("");

    @Option(
            names = "--keys",
            paramLabel = "DIR",
            description = "A folder with keys; may be given several times (default: DIR/keys).")
    private List<Path> keys = new ArrayList<>();

    Signing(InstantSource clock) {
        this.clock = clock;
    }

    InstantSource clock() {
        return clock;
    }

    Path directory() {
        return directory;
    }

    List<Path> folders() {
        return keys.isEmpty() ? List.of(directory.resolve("keys")) : keys;
    }

    Leaf.Password password() {
        return password;
    }

    /** What is done with the channel. */
    interface Work {
        Channel on(ChannelDirectory channel) throws IOException;
    }

    int changed(Work work) throws IOException {
        var opened = password.read();
        Keyring keyring = Keyring.of(folders(), opened);
        try (ChannelDirectory channel = ChannelDirectory.open(directory, clock, keyring)) {
            print(document(work.on(channel)));
        }
        return Publisher.DONE;
    }

    static Map<String, Object> document(Channel channel) {
        Map<String, Object> versions = Output.document();
        versions.put("root", channel.versions().root());
        versions.put("timestamp", channel.versions().timestamp());
        versions.put("snapshot", channel.versions().snapshot());
        versions.put("targets", channel.versions().targets());
        Map<String, Object> document = Output.document();
        document.put("channel", channel.name().value());
        document.put("versions", versions);
        document.put("expires", channel.expires().toString());
        document.put("packages", channel.packages().stream().map(ChannelPackage::title).toList());
        return document;
    }
}
