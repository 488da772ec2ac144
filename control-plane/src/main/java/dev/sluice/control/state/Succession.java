package dev.sluice.control.state;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/**
 * What operators decided about who takes over.
 *
 * @param offBy who switched automatic failover off; null: it is on
 * @param usedCertificates the nonces of forced promotions, by their generation
 * @param signed the last forced promotion as it was signed; null: there was none, or it is of a
 *     release that did not keep it
 */
public record Succession(
        @Nullable Actor offBy,
        TreePMap<Integer, String> usedCertificates,
        @Nullable SignedPromotion signed) {

    /** More forced promotions than any cluster survives; of more, the oldest are forgotten. */
    static final int MAX_CERTIFICATES = 100;

    public static final Succession EMPTY = new Succession(null, TreePMap.empty(), null);

    public boolean isAutomatic() {
        return offBy == null;
    }

    /** The generation in which a certificate was used; empty: it was not. */
    public Optional<Integer> usedIn(String nonce) {
        return usedCertificates.entrySet().stream()
                .filter(used -> used.getValue().equals(nonce))
                .map(used -> used.getKey())
                .findFirst();
    }

    /** What an operator signed for a generation, if it is the last that was forced. */
    public Optional<SignedPromotion> signedFor(int generation) {
        return !usedCertificates.isEmpty() && usedCertificates.lastKey() == generation
                ? Optional.ofNullable(signed)
                : Optional.empty();
    }

    Succession switched(boolean on, Actor actor) {
        return new Succession(on ? null : actor, usedCertificates, signed);
    }

    Succession used(ForcedPromotion promotion) {
        TreePMap<Integer, String> next =
                usedCertificates.plus(promotion.generation(), promotion.nonce());
        return new Succession(
                offBy,
                next.size() > MAX_CERTIFICATES ? next.minus(next.firstKey()) : next,
                promotion.signed().orElse(null));
    }
}
