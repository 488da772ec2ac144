package dev.sluice.control.fleet;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.state.SignedPromotion;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A time in which this master leads under one ballot, or leads not at all.
 *
 * @param term counts them; what was acknowledged or queued in an earlier one is void
 * @param ballot null: it commands nobody
 * @param promotion what an operator signed for the ballot's generation; empty: nothing is known
 */
record Tenure(long term, @Nullable Ballot ballot, Optional<SignedPromotion> promotion) {

    boolean leads(Ballot candidate) {
        return candidate.equals(ballot);
    }
}
