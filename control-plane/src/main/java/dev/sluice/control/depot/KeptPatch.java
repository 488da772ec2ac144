package dev.sluice.control.depot;

import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
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
 * line what the patch is as a content and which version it is applied to, or {@code none} where it
 * would be too large. A directory has its name when all of it is durable.
 */
record KeptPatch(Path directory, Optional<Made> made) {

    /** One that is of use. */
    record Made(PackageContent content, PackageRef base) {}

    private static final String PATCH = "patch";
    private static final String LEAVES = "leaves";
    private static final String ABOUT = "about";
    private static final String NONE = "none";

    /** A line of {@code about}; five words. */
    private static final int MAX_ABOUT_BYTES = 1024;

    private static final int WORDS = 5;

    /** The content that it makes: the first part of the directory's name. */
    String target() {
        return name().split("-", -1)[0];
    }

    /** The content that it is applied to: the rest of the name. */
    String base() {
        return name().substring(name().indexOf('-') + 1);
    }

    private String name() {
        return String.valueOf(directory.getFileName());
    }

    static Path file(Path directory) {
        return directory.resolve(PATCH);
    }

    /** Makes the rest durable beside a patch that was made; empty: it would be too large. */
    static void write(Path directory, Optional<LeafHashing.Described> made, PackageRef base)
            throws IOException {
        String about = NONE;
        if (made.isPresent()) {
            PackageContent content = made.get().content();
            LeafFile.write(directory.resolve(LEAVES), made.get().table());
            about =
                    "%d %s %s %s %s"
                            .formatted(
                                    content.size(),
                                    content.sha256().hex(),
                                    content.merkleRoot().hex(),
                                    base.name(),
                                    base.version());
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
        if (words.length != WORDS) {
            throw new IOException("%s: expected %d words, found %s".formatted(file, WORDS, about));
        }
        try {
            PackageContent content =
                    new PackageContent(
                            Long.parseLong(words[0]),
                            new Sha256(words[1]),
                            PackageContent.LEAF_SIZE,
                            new Sha256(words[2]));
            long found = Files.size(directory.resolve(PATCH));
            if (found != content.size()) {
                throw new IOException(
                        "%s: expected %s, found %d bytes of patch".formatted(file, about, found));
            }
            PackageRef base = new PackageRef(new PackageName(words[3]), Version.parse(words[4]));
            return new KeptPatch(directory, Optional.of(new Made(content, base)));
        } catch (IllegalArgumentException e) {
            throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** As it is served; only when there is one. */
    CompleteContent served() throws IOException {
        return CompleteContent.withTable(
                made.orElseThrow().content(),
                directory.resolve(PATCH),
                0,
                directory.resolve(LEAVES));
    }
}
