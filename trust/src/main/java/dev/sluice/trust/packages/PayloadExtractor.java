package dev.sluice.trust.packages;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * Unpacks a content that has been verified.
 *
 * <p>All or nothing: files are written and synced below a temporary name beside the target ({@code
 * .NAME.extracting}, which a later call cleans up should a crash leave it), and the name is given
 * last. Two calls for one target at a time are not allowed.
 */
public final class PayloadExtractor {
    private static final int BUFFER_BYTES = 1 << 16;

    private PayloadExtractor() {}

    /**
     * Unpacks one directory of the payload as {@code target}.
     *
     * @param contentFile exactly the content's bytes
     * @param target must not exist; its parent must
     * @throws InvalidPackageException when the content holds something that is not allowed, or has
     *     no such directory
     */
    public static void extract(Path contentFile, PayloadPath subdirectory, Path target)
            throws IOException {
        Path temporary = temporary(target);
        try {
            DirectoryVisitor visitor = new DirectoryVisitor(subdirectory, temporary);
            walk(contentFile, visitor);
            if (visitor.directories.isEmpty()) {
                throw new InvalidPackageException(
                        "the payload has no directory payload/" + subdirectory);
            }
            for (Path directory : visitor.directories.reversed()) {
                DurableFiles.syncDirectory(directory);
            }
            DurableFiles.publish(temporary, target);
        } catch (IOException | RuntimeException e) {
            DurableFiles.discard(temporary, e);
            throw e;
        }
    }

    /** Unpacks one file of the payload as {@code target}; otherwise as {@link #extract}. */
    public static void extractFile(Path contentFile, PayloadPath file, Path target)
            throws IOException {
        Path temporary = temporary(target);
        try {
            FileVisitor visitor = new FileVisitor(file, temporary);
            walk(contentFile, visitor);
            if (!visitor.found) {
                throw new InvalidPackageException("the payload has no file payload/" + file);
            }
            DurableFiles.publish(temporary, target);
        } catch (IOException | RuntimeException e) {
            DurableFiles.discard(temporary, e);
            throw e;
        }
    }

    private static Path temporary(Path target) throws IOException {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(
                    target.toString(), null, "expected a name that is free to unpack a package to");
        }
        Path temporary =
                DurableFiles.directoryOf(target)
                        .resolve("." + target.getFileName() + ".extracting");
        DurableFiles.deleteTree(temporary);
        return temporary;
    }

    private static void walk(Path contentFile, PayloadReader.Visitor visitor) throws IOException {
        try (FileChannel channel = FileChannel.open(contentFile, StandardOpenOption.READ);
                InputStream content =
                        new BufferedInputStream(Channels.newInputStream(channel), BUFFER_BYTES)) {
            PayloadReader.walk(content, channel.size(), visitor);
        }
    }

    private static void write(Path file, boolean executable, InputStream data) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int read = data.read(buffer); read >= 0; read = data.read(buffer)) {
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, read);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
            Files.setPosixFilePermissions(
                    file, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
            channel.force(true);
        }
    }

    private static final class DirectoryVisitor implements PayloadReader.Visitor {
        private final PayloadPath wanted;
        private final Path target;
        private final List<Path> directories = new ArrayList<>();

        DirectoryVisitor(PayloadPath wanted, Path target) {
            this.wanted = wanted;
            this.target = target;
        }

        @Override
        public void directory(PayloadPath path) throws IOException {
            if (path.equals(wanted) || path.isBelow(wanted)) {
                directories.add(Files.createDirectory(place(path)));
            }
        }

        @Override
        public void file(PayloadPath path, boolean executable, InputStream data)
                throws IOException {
            if (path.isBelow(wanted)) {
                write(place(path), executable, data);
            }
        }

        private Path place(PayloadPath path) {
            return path.equals(wanted)
                    ? target
                    : target.resolve(path.value().substring(wanted.value().length() + 1));
        }
    }

    private static final class FileVisitor implements PayloadReader.Visitor {
        private final PayloadPath wanted;
        private final Path target;
        private boolean found;

        FileVisitor(PayloadPath wanted, Path target) {
            this.wanted = wanted;
            this.target = target;
        }

        @Override
        public void directory(PayloadPath path) {}

        @Override
        public void file(PayloadPath path, boolean executable, InputStream data)
                throws IOException {
            if (path.equals(wanted)) {
                write(target, executable, data);
                found = true;
            }
        }
    }
}
