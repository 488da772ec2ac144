package dev.sluice.control.depot;

import dev.sluice.control.model.Refusal;

/** Whether a package of another master may come in. */
sealed interface FetchStart {

    /**
     * It may, and has its room.
     *
     * @param fetch to be closed
     */
    record Begun(DepotFetch fetch) implements FetchStart {}

    /** It may not: its signer is not trusted here, or there is no room. */
    record Refused(Refusal refusal) implements FetchStart {}
}
