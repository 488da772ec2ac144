package dev.sluice.control.journal;

/** Another process, or another part of this one, has the journal open. */
public final class JournalLockedException extends JournalException {

    private static final long serialVersionUID = 1L;

    JournalLockedException(String directory, String lockFile) {
        super(
                "journal %s: expected to be its only user, found %s locked by another; stop the other control plane, or "
                                .formatted(directory, lockFile)
                        + "configure another directory for this one");
    }
}
