package dev.sluice.control;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The distribution this program was started from: what it really is, not what it was told. */
final class Distribution {

    /** Set by the start script to the folder that the distribution was unpacked to. */
    private static final String HOME_PROPERTY = "sluice.distribution";

    private static final String DEVELOPMENT = "0.0.0-dev";

    private Distribution() {}

    /**
     * The version in the distribution's file VERSION; a development version when run from the
     * build.
     */
    static String version() throws IOException {
        String home = System.getProperty(HOME_PROPERTY, "");
        if (home.isEmpty()) {
            return DEVELOPMENT;
        }
        return Files.readString(Path.of(home, "VERSION"), StandardCharsets.UTF_8).strip();
    }
}
