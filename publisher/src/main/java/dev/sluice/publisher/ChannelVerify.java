package dev.sluice.publisher;

import java.io.IOException;
import java.time.InstantSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Reads a channel as a cluster does. */
@Command(
        name = "verify",
        description = "Reads a channel as a cluster does that sees it for the first time.")
final class ChannelVerify extends Leaf.Answering {
    private final InstantSource clock;
    @Mixin private Reading reading = new Reading();

    ChannelVerify(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        print(Signing.document(reading.read(clock).channel()));
        return Publisher.DONE;
    }
}
