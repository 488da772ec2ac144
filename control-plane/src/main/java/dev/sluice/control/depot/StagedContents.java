package dev.sluice.control.depot;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * What the agent of this master's own node has staged: {@code SHA256/content} below a directory
 * that is only read here. With it a backup that becomes primary serves packages that were imported
 * at the other master. The agent gives a content this name once it is verified.
 */
public final class StagedContents implements ContentSource {

    private final Path directory;

    public StagedContents(Path directory) {
        this.directory = directory.toAbsolutePath();
    }

    private Path file(ContentId id) {
        return directory.resolve(id.sha256()).resolve("content");
    }

    @Override
    public boolean has(ContentId id) {
        return Files.isRegularFile(file(id), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public Optional<Place> place(ContentId id) {
        return has(id) ? Optional.of(new Place(file(id), 0)) : Optional.empty();
    }

    @Override
    public Optional<Content> open(ContentId id) throws IOException {
        if (!has(id)) {
            return Optional.empty();
        }
        FileChannel channel = FileChannel.open(file(id), StandardOpenOption.READ);
        return Optional.of(new Content(channel, 0, channel.size()));
    }
}
