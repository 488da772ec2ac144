package dev.sluice.trust.channel;

import dev.sluice.trust.packages.InvalidPackageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** A channel in a directory. */
public record DirectorySource(Path directory) implements ChannelSource {
    @Override
    public Optional<byte[]> fetch(String name, int maxBytes) throws IOException {
        try (InputStream in = Files.newInputStream(directory.resolve(name))) {
            byte[] bytes = in.readNBytes(maxBytes + 1);
            if (bytes.length > maxBytes) {
                throw new InvalidPackageException(
                        directory.resolve(name)
                                + ": more than the "
                                + maxBytes
                                + " bytes that it may have");
            }
            return Optional.of(bytes);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public String description() {
        return directory.toString();
    }
}
