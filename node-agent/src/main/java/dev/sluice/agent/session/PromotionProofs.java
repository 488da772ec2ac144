package dev.sluice.agent.session;

import dev.sluice.agent.ledger.Register;
import dev.sluice.v1.SignedPromotion;
import java.util.Set;

/** Reads what an operator signed. Same bytes, same finding: no clock, no I/O. */
@FunctionalInterface
public interface PromotionProofs {

    Finding read(SignedPromotion signed);

    /** What was found. */
    sealed interface Finding {

        /**
         * An operator of this cluster made a master primary by force.
         *
         * @param generation that begins with it; unsigned
         * @param witnesses who decides in its first ballot
         */
        record Promotion(int generation, String master, Set<Register.Member> witnesses)
                implements Finding {
            public Promotion {
                witnesses = Set.copyOf(witnesses);
            }
        }

        /**
         * Nothing that can be believed.
         *
         * @param why what was expected and found
         */
        record Unproven(String why) implements Finding {}
    }
}
