package dev.sluice.control.depot;

import dev.sluice.transfer.store.CompleteContent;
import dev.sluice.transfer.store.LeafFile;
import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A patch in its directory: {@code patch}, {@code leaves}, and {@code about}, which says in one
 * line what the patch is as a content, or {@code none} where it would be too large. A directory has
 * its name when all of it is durable.
 */
record KeptPatch(Path directory, Optional<PackageContent> content) {

    private static final String PATCH = "patch";
    private static final String LEAVES = "leaves";
    private static final String ABOUT = "about";
    private static final String NONE = "none";

    /** A line of {@code about}; three words. */
    private static final int MAX_ABOUT_BYTES = 256;

    static Path file(Path directory) {
        return directory.resolve(PATCH);
    }

    /** Makes the rest durable beside a patch that was made; empty: it would be too large. */
    static void write(Path directory, Optional<LeafHashing.Described> made) throws IOException {
        String about = NONE;
        if (made.isPresent()) {
            PackageContent content = made.get().content();
            LeafFile.write(directory.resolve(LEAVES), made.get().table());
            about =
                    "%d %s %s"
                            .formatted(
                                    content.size(),
                                    content.sha256().hex(),
                                    content.merkleRoot().hex());
        } else {
            Files.deleteIfExists(directory.resolve(PATCH));
        }
        ByteBuffer bytes = ByteBuffer.wrap(about.getBytes(StandardCharsets.US_ASCII));
        try (FileChannel out =
                FileChannel.open(
                        directory.resolve(ABOUT),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
    }

    /**
     * What a directory holds.
     *
     * @throws IOException naming it, when it is not what was written
     */
    static KeptPatch read(Path directory) throws IOException {
        Path file = directory.resolve(ABOUT);
        if (Files.size(file) > MAX_ABOUT_BYTES) {
            throw new IOException("%s: expected a line, found more".formatted(file));
        }
        String about = Files.readString(file, StandardCharsets.US_ASCII);
        if (about.equals(NONE)) {
            return new KeptPatch(directory, Optional.empty());
        }
        String[] words = about.split(" ", -1);
        try {
            PackageContent content =
                    new PackageContent(
                            Long.parseLong(words[0]),
                            new Sha256(words[1]),
                            PackageContent.LEAF_SIZE,
                            new Sha256(words[2]));
            long found = Files.size(directory.resolve(PATCH));
            if (words.length != 3 || found != content.size()) {
                throw new IOException(
                        "%s: expected %s, found %d bytes of patch".formatted(file, about, found));
            }
            return new KeptPatch(directory, Optional.of(content));
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** As it is served; only when there is one. */
    CompleteContent served() throws IOException {
        return CompleteContent.withTable(
                content.orElseThrow(), directory.resolve(PATCH), 0, directory.resolve(LEAVES));
    }
}
