package dev.sluice.control.controller;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The highest ballot that anybody has shown this master, kept in a file: a master that was
 * superseded and starts again must not believe its own journal only.
 */
public final class SeenBallots {

    private final Path file;
    private @Nullable Ballot highest;

    private SeenBallots(Path file, @Nullable Ballot highest) {
        this.file = file;
        this.highest = highest;
    }

    /**
     * Reads the file; none means none was seen.
     *
     * @throws IOException naming the file and what it holds, when it can't be understood
     */
    public static SeenBallots open(Path file) throws IOException {
        List<String> fields;
        try {
            fields = List.of(Files.readString(file, StandardCharsets.UTF_8).strip().split(" ", -1));
        } catch (NoSuchFileException _) {
            return new SeenBallots(file, null);
        }
        try {
            return new SeenBallots(
                    file,
                    new Ballot(
                            Integer.parseInt(fields.get(0)),
                            Long.parseLong(fields.get(1)),
                            new NodeId(fields.get(2)),
                            Long.parseLong(fields.get(3))));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException(
                    "%s: expected \"generation counter master incarnation\", found %s; a master without its ballots must not start"
                            .formatted(file, fields),
                    e);
        }
    }

    /** The highest ballot seen; null: none. */
    public synchronized @Nullable Ballot highest() {
        return highest;
    }

    /** Keeps a ballot if it is the highest, durably before it returns. */
    public synchronized void saw(Ballot ballot) throws IOException {
        if (highest != null && !ballot.isAbove(highest)) {
            return;
        }
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        String text =
                "%d %d %s %d%n"
                        .formatted(
                                ballot.generation(),
                                ballot.counter(),
                                ballot.master(),
                                ballot.incarnation());
        try (FileChannel channel =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
            while (bytes.hasRemaining()) {
                var _ = channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(
                temporary,
                file,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory =
                FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
        highest = ballot;
    }
}
