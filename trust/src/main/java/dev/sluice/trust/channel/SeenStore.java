package dev.sluice.trust.channel;

import java.io.IOException;

/** Where the highest versions that were seen outlive a crash. */
public interface SeenStore {

    /** Of a reader that remembers nothing. */
    SeenStore NONE =
            new SeenStore() {
                @Override
                public SeenVersions seen(ChannelName channel) {
                    return SeenVersions.none(channel);
                }

                @Override
                public void store(SeenVersions seen) {}
            };

    /** What was stored last; {@link SeenVersions#none} when nothing was. */
    SeenVersions seen(ChannelName channel) throws IOException;

    /**
     * Stores durably before it returns: nothing is done because of a file whose version is not
     * stored.
     *
     * @throws IOException when it is not known to be stored; then nothing may be done
     */
    void store(SeenVersions seen) throws IOException;
}
