package dev.sluice.transfer.store;

import java.io.IOException;
import java.nio.file.Path;

/** A disk has no room for a content. */
public final class DiskFullException extends IOException {

    private static final long serialVersionUID = 1L;

    DiskFullException(Path file, long needed, long free) {
        super(
                "%s: needs %d bytes of disk space, found %d free; make room on the node"
                        .formatted(file, needed, free));
    }
}
