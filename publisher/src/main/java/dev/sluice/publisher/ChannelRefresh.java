package dev.sluice.publisher;

import java.io.IOException;
import java.time.InstantSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Signs a channel anew, so that it does not expire. */
@Command(
        name = "refresh",
        description = "Signs a channel's timestamp anew, so that it does not expire.")
final class ChannelRefresh extends Signing {
    @Option(names = "--all", description = "Signs snapshot and targets anew as well.")
    private boolean all;

    ChannelRefresh(InstantSource clock) {
        super(clock);
    }

    @Override
    public Integer call() throws IOException {
        return changed(channel -> all ? channel.renewAll() : channel.refresh());
    }
}
