package dev.sluice.agent.session;

import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.agent.ledger.Register;
import dev.sluice.agent.witness.Question;
import dev.sluice.v1.SignedPromotion;
import java.util.HashSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets a ballot of a higher generation in only with the certificate of the forced promotion that
 * began it. Pure, as its proofs are.
 *
 * <p>A generation that this node obeys already needs none, and neither does the first ballot that
 * an empty ledger obeys; as a witness it wants to see the certificate like any other. A later
 * ballot of the generation may be another master's: the certificate names who took the first one,
 * by number 1.
 */
final class GenerationGate {

    /** A forced promotion's own ballot; whoever is elected after it has a higher one. */
    private static final long FIRST_COUNTER = 1;

    /** Below every ballot: a witness without any takes a founder's, and no forced one. */
    private static final Ballot NONE = new Ballot(0, 0, "", 0);

    private final PromotionProofs proofs;

    GenerationGate(PromotionProofs proofs) {
        this.proofs = proofs;
    }

    /** Why this node does not obey a ballot; empty: this gate has nothing against it. */
    Optional<String> refusal(LedgerState known, Ballot offered, SignedPromotion signed) {
        return known.highestBallot()
                .filter(obeyed -> isLater(offered, obeyed))
                .flatMap(obeyed -> check(obeyed, offered, signed).why());
    }

    /**
     * Why this node as a witness keeps neither ballot nor register; empty: this gate has nothing
     * against it. Only a forced promotion's own ballot goes past the witnesses before: every later
     * one has the word of a quorum of the register that it goes on from. Nodes that have lost their
     * ledgers ask for the certificate as well: else whoever waits for that needs none.
     */
    Optional<String> refusal(LedgerState known, Question question, SignedPromotion signed) {
        return switch (question) {
            case Question.Prepare(var ballot) -> refusal(known, ballot, null, signed);
            case Question.Accept(var register) ->
                    refusal(known, register.ballot(), register, signed);
            case Question.PreVote _, Question.Alive _, Question.Unusable _ -> Optional.empty();
        };
    }

    private Optional<String> refusal(
            LedgerState known, Ballot ballot, @Nullable Register register, SignedPromotion signed) {
        Ballot before = highest(known).orElse(NONE);
        if (!isLater(ballot, before) || ballot.counter() != FIRST_COUNTER) {
            return Optional.empty();
        }
        Checked checked = check(before, ballot, signed);
        PromotionProofs.Finding.Promotion promotion = checked.promotion();
        if (promotion == null || (register != null && register.sequence() > 0)) {
            return checked.why();
        }
        if (register != null) {
            return promotion.witnesses().equals(new HashSet<>(register.witnesses().members()))
                    ? Optional.empty()
                    : Optional.of(
                            "register of ballot %s: expected the witnesses of its certificate, %s, found %s"
                                    .formatted(
                                            ballot,
                                            promotion.witnesses(),
                                            register.witnesses().members()));
        }
        Register.Member self = new Register.Member(known.nodeId(), known.storeId());
        return promotion.witnesses().contains(self)
                ? Optional.empty()
                : Optional.of(
                        "ballot %s: expected a witness of its certificate, %s, found %s"
                                .formatted(ballot, promotion.witnesses(), self));
    }

    /** The promotion that lets a ballot in, or why nothing does. */
    private record Checked(
            PromotionProofs.Finding.@Nullable Promotion promotion, Optional<String> why) {}

    private Checked check(Ballot before, Ballot offered, SignedPromotion signed) {
        String expected =
                "ballot %s is of a later generation than %s: expected the certificate of a forced promotion to generation %s"
                        .formatted(
                                offered,
                                before.equals(NONE) ? "any that is known" : before,
                                Integer.toUnsignedString(offered.generation()));
        if (signed.equals(SignedPromotion.getDefaultInstance())) {
            return new Checked(null, Optional.of(expected + ", found none"));
        }
        return switch (proofs.read(signed)) {
            case PromotionProofs.Finding.Unproven(var why) ->
                    new Checked(null, Optional.of(expected + ", with " + why));
            case PromotionProofs.Finding.Promotion promotion -> {
                boolean fits =
                        promotion.generation() == offered.generation()
                                && (offered.counter() != FIRST_COUNTER
                                        || promotion.master().equals(offered.master()));
                yield fits
                        ? new Checked(promotion, Optional.empty())
                        : new Checked(
                                null,
                                Optional.of(
                                        "%s of master %s, found one to generation %s of master %s"
                                                .formatted(
                                                        expected,
                                                        offered.master(),
                                                        Integer.toUnsignedString(
                                                                promotion.generation()),
                                                        promotion.master())));
            }
        };
    }

    private static boolean isLater(Ballot offered, Ballot kept) {
        return Integer.compareUnsigned(offered.generation(), kept.generation()) > 0;
    }

    private static Optional<Ballot> highest(LedgerState known) {
        Optional<Ballot> obeyed = known.highestBallot();
        Optional<Ballot> promised = known.promisedBallot();
        return obeyed.filter(o -> promised.filter(o::isBelow).isEmpty()).or(() -> promised);
    }
}
