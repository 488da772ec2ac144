package dev.sluice.control.journal;

import java.io.IOException;

/**
 * Writes a journal's tail as a segment file, named by its entries and their hash so that two tails
 * never collide.
 */
final class TailArchive {

    private final EntryReader reader;
    private final Disk target;

    TailArchive(EntryReader reader, Disk target) {
        this.reader = reader;
        this.target = target;
    }

    /** Writes the entries after {@code from} up to {@code to} and returns the file's name. */
    String write(JournalPosition from, JournalPosition to) throws IOException {
        String name =
                "tail-%020d-%020d-%s.log"
                        .formatted(
                                from.index() + 1,
                                to.index(),
                                to.chainHash().toString().substring(0, 16));
        String temporary = name + ".tmp";
        try (DiskFile file = target.create(temporary)) {
            file.write(SegmentFormat.header(from), 0);
            long[] end = {SegmentFormat.HEADER_BYTES};
            reader.read(
                    from.index() + 1,
                    to.index(),
                    Recovery.WINDOW_BYTES,
                    (index, records, at, size) -> {
                        file.write(records.slice(at, size), end[0]);
                        end[0] += size;
                        return true;
                    });
            file.force(true);
        }
        target.rename(temporary, name);
        target.forceDirectory();
        return name;
    }
}
