package dev.sluice.control.vault;

import dev.sluice.control.state.Blob;

/** Whether a backup file is what was written. */
public sealed interface BackupCheck {

    /**
     * Every byte is as it was written.
     *
     * @param sha256 of the payload, lower-case hexadecimal
     */
    record Intact(Blob payload, String sha256) implements BackupCheck {}

    /** It must not be restored. */
    record Damaged(String reason) implements BackupCheck {}
}
