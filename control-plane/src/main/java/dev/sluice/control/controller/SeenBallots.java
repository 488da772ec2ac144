package dev.sluice.control.controller;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.io.IOException;
import java.io.InputStream;
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

    /** More than any ballot needs. */
    private static final int MAX_BYTES = 4096;

    private static final int FIELDS = 4;
    private static final int SHOWN_CHARACTERS = 80;

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
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES);
        } catch (NoSuchFileException _) {
            return new SeenBallots(file, null);
        } catch (IOException e) {
            throw new IOException(
                    "%s: expected a file that can be read, found: %s".formatted(file, e), e);
        }
        // Bytes that are no UTF-8 become a character that no field may have.
        List<String> fields =
                List.of(new String(bytes, StandardCharsets.UTF_8).strip().split(" ", -1));
        if (fields.size() != FIELDS) {
            throw new IOException(damaged(file, fields));
        }
        try {
            int generation = Integer.parseInt(fields.get(0));
            long counter = Long.parseLong(fields.get(1));
            if (generation < 0 || counter < 0) {
                throw new IOException(damaged(file, fields));
            }
            NodeId master = new NodeId(fields.get(2));
            long incarnation = Long.parseLong(fields.get(3));
            return new SeenBallots(file, new Ballot(generation, counter, master, incarnation));
        } catch (IllegalArgumentException e) {
            throw new IOException(damaged(file, fields), e);
        }
    }

    private static String damaged(Path file, List<String> fields) {
        String found = String.join(" ", fields);
        return "%s: expected \"generation counter master incarnation\", found \"%s\"; a master without its ballots must not start: restore the file"
                .formatted(
                        file,
                        found.substring(0, Math.min(found.length(), SHOWN_CHARACTERS))
                                .replaceAll("\\p{Cntrl}", "?"));
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
