package dev.sluice.trust.packages;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * How a package is laid out as a POSIX tar: names, order, and headers that depend on nothing but
 * the name, the size and whether a file can be executed.
 */
final class TarLayout {
    static final int BLOCK = 512;
    static final String MANIFEST = "manifest.json";
    static final String SIGNATURE = "manifest.p7s";
    static final String PAYLOAD = "payload/";

    /** The largest signature; a CMS with one certificate has about a kilobyte. */
    static final int MAX_SIGNATURE_BYTES = 1 << 16;

    /** The greatest number of files and directories in a payload. */
    static final int MAX_ENTRIES = 100_000;

    /** The largest file: what the eleven octal digits of a POSIX header can say. */
    static final long MAX_FILE_BYTES = TarConstants.MAXSIZE;

    static final int PLAIN = 0644;
    static final int EXECUTABLE = 0755;

    /** 1980-01-01T00:00:00Z: tar programs complain about earlier times. */
    private static final long MODIFIED_SECONDS = 315_532_800L;

    private TarLayout() {}

    /** Bytes that an entry's data takes in the file. */
    static long padded(long size) {
        return (size + BLOCK - 1) / BLOCK * BLOCK;
    }

    /** The header of {@link #MANIFEST} or {@link #SIGNATURE}; readers accept no other bytes. */
    static byte[] header(String name, int size) {
        byte[] header = new byte[BLOCK];
        entry(name, TarConstants.LF_NORMAL, PLAIN, size).writeEntryHeader(header);
        return header;
    }

    /**
     * Begins an entry.
     *
     * <p>Long names get their PAX header here: the library's own would carry the name of the user
     * who builds, and so differ from machine to machine.
     *
     * @param name with a slash at the end for a directory
     */
    static void begin(TarArchiveOutputStream tar, String name, int mode, long size)
            throws IOException {
        if (name.length() >= TarConstants.NAMELEN) {
            byte[] record = pathRecord(name);
            tar.putArchiveEntry(
                    entry(
                            "PaxHeader",
                            TarConstants.LF_PAX_EXTENDED_HEADER_LC,
                            PLAIN,
                            record.length));
            tar.write(record);
            tar.closeArchiveEntry();
        }
        byte flag = name.endsWith("/") ? TarConstants.LF_DIR : TarConstants.LF_NORMAL;
        tar.putArchiveEntry(entry(name, flag, mode, size));
    }

    private static TarArchiveEntry entry(String name, byte flag, int mode, long size) {
        TarArchiveEntry entry = new TarArchiveEntry(name, flag);
        entry.setSize(size);
        entry.setMode(mode);
        entry.setIds(0, 0);
        entry.setUserName("");
        entry.setGroupName("");
        entry.setModTime(MODIFIED_SECONDS * 1000);
        return entry;
    }

    /** A PAX record begins with its own length, which includes the digits of that length. */
    private static byte[] pathRecord(String name) {
        String rest = " path=" + name + "\n";
        int length = rest.length() + 1;
        while (Integer.toString(length).length() + rest.length() != length) {
            length++;
        }
        return (length + rest).getBytes(StandardCharsets.US_ASCII);
    }
}
