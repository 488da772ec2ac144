package dev.sluice.control.fleet;

import dev.sluice.control.model.Ballot;
import org.jspecify.annotations.Nullable;

/**
 * A time in which this master leads under one ballot, or leads not at all.
 *
 * @param term counts them; what was acknowledged or queued in an earlier one is void
 * @param ballot null: it commands nobody
 */
record Tenure(long term, @Nullable Ballot ballot) {

    boolean leads(Ballot candidate) {
        return candidate.equals(ballot);
    }
}
