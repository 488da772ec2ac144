package dev.sluice.agent.ledger;

import java.io.IOException;

/** The ledger's bytes are not what was written; the agent must not go on from them. */
public final class LedgerCorruptException extends IOException {
    private static final long serialVersionUID = 1L;

    public LedgerCorruptException(String message) {
        super(message);
    }
}
