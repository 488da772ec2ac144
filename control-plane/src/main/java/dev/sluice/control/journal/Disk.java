package dev.sluice.control.journal;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * One flat directory of files, with the guarantees that the journal needs and no others.
 *
 * <p>It exists so that tests and the simulator can tear writes, lose what was not forced and fill
 * up. What was written is durable only after {@link DiskFile#force}, a file's name (its creation,
 * renaming, deletion) only after {@link #forceDirectory}. Before that, a crash may keep any part of
 * it, in any order, in units of {@value #SECTOR_BYTES} bytes.
 */
public interface Disk {

    /** The unit which a crash keeps or loses as a whole. Drives promise at least this much. */
    int SECTOR_BYTES = 512;

    /** Returns the names of the plain files in this directory, in no particular order. */
    List<String> list() throws IOException;

    /**
     * Opens an existing file for reading; {@link java.nio.file.NoSuchFileException} if there is
     * none.
     */
    DiskFile openForReading(String name) throws IOException;

    /** Opens an existing file for reading and writing. */
    DiskFile openForWriting(String name) throws IOException;

    /** Creates an empty file for reading and writing, replacing one of the same name. */
    DiskFile create(String name) throws IOException;

    /** Renames a file atomically, replacing the target. Open handles stay valid. */
    void rename(String from, String to) throws IOException;

    /** Deletes a file. Open handles stay valid. */
    void delete(String name) throws IOException;

    /** Makes all creations, renames and deletions so far durable. */
    void forceDirectory() throws IOException;

    /** Returns how many more bytes could be written. */
    long usableBytes() throws IOException;

    /**
     * Locks this directory for one owner until closed; empty if another one, in any process, holds
     * it.
     */
    Optional<Closeable> tryLock(String name) throws IOException;

    /** Returns what an operator calls this directory, for messages: its path. */
    String location();
}
