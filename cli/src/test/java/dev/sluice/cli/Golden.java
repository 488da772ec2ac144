package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Expected output in files. {@code -Dsluice.golden.write=true} writes them instead; the difference
 * is then for a person to read.
 */
public final class Golden {
    private static final Path FOLDER = Path.of("src/test/resources/golden");

    private Golden() {}

    /** The lines are exactly those of the file. */
    public static void matches(String file, List<String> lines) {
        matches(file, String.join("\n", lines) + "\n");
    }

    /** The text is exactly that of the file. */
    public static void matches(String file, String text) {
        Path path = FOLDER.resolve(file);
        try {
            if (Boolean.getBoolean("sluice.golden.write")) {
                Files.createDirectories(FOLDER);
                Files.writeString(path, text);
            }
            assertThat(text).as(path.toString()).isEqualTo(Files.readString(path));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    path + ": write it with -Dsluice.golden.write=true and read it", e);
        }
    }
}
