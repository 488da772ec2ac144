package dev.sluice.agent.stage;

import dev.sluice.v1.PackageLocation;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the content of a package is pulled from. */
public interface ContentSource {

    /**
     * Opens the content at an offset; it ends with the content.
     *
     * @throws IOException saying what the source answered
     */
    Transfer open(PackageLocation location, String contentSha256, long offset) throws IOException;

    /** One transfer; used by one thread. */
    interface Transfer extends AutoCloseable {

        /**
         * The next bytes; none remaining: the end.
         *
         * @throws IOException when the transfer broke, or nothing came for too long
         */
        ByteBuffer next() throws IOException, InterruptedException;

        @Override
        void close();
    }
}
