package dev.sluice.trust.packages;

import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * Walks the entries of a content and lets only plain files and directories under {@code payload/}
 * pass. A signature says who made a package, not that a name in it is harmless.
 */
final class PayloadReader {
    private PayloadReader() {}

    /** Receives the entries in order. */
    interface Visitor {
        void directory(PayloadPath path) throws IOException;

        /** {@code data} ends with the file and must not be closed. */
        void file(PayloadPath path, boolean executable, InputStream data) throws IOException;
    }

    /**
     * Visits all entries.
     *
     * @param content the content's bytes; not closed
     * @param bound the content's size: what all files together may have
     * @throws InvalidPackageException at the first entry that the format does not allow
     */
    @SuppressWarnings("resource") // Closing the tar stream would close the caller's.
    static PayloadIndex walk(InputStream content, long bound, Visitor visitor) throws IOException {
        TarArchiveInputStream tar = new TarArchiveInputStream(content, "UTF-8");
        PayloadIndex index = new PayloadIndex();
        long total = 0;
        boolean first = true;
        for (TarArchiveEntry entry = next(tar); entry != null; entry = next(tar)) {
            String name = entry.getName();
            if (first != name.equals(TarLayout.PAYLOAD)) {
                throw new InvalidPackageException(
                        first
                                ? "the content begins with "
                                        + Printable.quoted(name)
                                        + ", expected payload/"
                                : "payload/ is there twice");
            }
            if (!first) {
                total += entry.getSize();
                if (entry.getSize() < 0 || total > bound) {
                    throw new InvalidPackageException(
                            Printable.quoted(name) + ": files larger than the package itself");
                }
                visit(entry, tar, index, visitor);
            }
            first = false;
        }
        if (first) {
            throw new InvalidPackageException("the content has no payload/");
        }
        return index;
    }

    private static TarArchiveEntry next(TarArchiveInputStream tar) throws InvalidPackageException {
        try {
            return tar.getNextEntry();
        } catch (IOException | IllegalArgumentException e) {
            throw new InvalidPackageException(
                    "the content is no readable tar: " + e.getMessage(), e);
        }
    }

    private static void visit(
            TarArchiveEntry entry, InputStream data, PayloadIndex index, Visitor visitor)
            throws IOException {
        boolean directory = entry.getLinkFlag() == TarConstants.LF_DIR;
        if (!(directory || entry.getLinkFlag() == TarConstants.LF_NORMAL) || entry.isSparse()) {
            throw new InvalidPackageException(
                    String.format(
                            "payload entry %s is of type '%c'; only files and directories are allowed",
                            Printable.quoted(entry.getName()), (char) entry.getLinkFlag()));
        }
        PayloadPath path = path(entry.getName(), directory);
        if (directory) {
            index.add(path, PayloadIndex.Type.DIRECTORY);
            visitor.directory(path);
        } else {
            boolean executable = (entry.getMode() & 0100) != 0;
            index.add(path, executable ? PayloadIndex.Type.EXECUTABLE : PayloadIndex.Type.FILE);
            visitor.file(path, executable, data);
        }
    }

    private static PayloadPath path(String name, boolean directory) throws InvalidPackageException {
        String relative = name;
        if (directory && relative.endsWith("/")) {
            relative = relative.substring(0, relative.length() - 1);
        }
        if (!relative.startsWith(TarLayout.PAYLOAD)) {
            throw new InvalidPackageException(
                    "payload entry " + Printable.quoted(name) + " is not under payload/");
        }
        try {
            return new PayloadPath(relative.substring(TarLayout.PAYLOAD.length()));
        } catch (IllegalArgumentException e) {
            throw new InvalidPackageException("payload entry: " + e.getMessage(), e);
        }
    }
}
