package dev.sluice.agent.ledger;

import java.io.IOException;

/**
 * Nobody knows what of the ledger is on the disk. Writing on could hide that a fact was lost: the
 * agent has to end, and the next one reads what is there.
 */
public final class LedgerBrokenException extends IOException {

    private static final long serialVersionUID = 1L;

    LedgerBrokenException(String message, IOException cause) {
        super(message, cause);
    }
}
