package dev.sluice.control.state;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pcollections.TreePMap;

/**
 * What operators decided about who takes over.
 *
 * @param offBy who switched automatic failover off; null: it is on
 * @param usedCertificates the nonces of forced promotions, by their generation
 */
public record Succession(@Nullable Actor offBy, TreePMap<Integer, String> usedCertificates) {

    /** More forced promotions than any cluster survives; of more, the oldest are forgotten. */
    static final int MAX_CERTIFICATES = 100;

    public static final Succession EMPTY = new Succession(null, TreePMap.empty());

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

    Succession switched(boolean on, Actor actor) {
        return new Succession(on ? null : actor, usedCertificates);
    }

    Succession used(int generation, String nonce) {
        TreePMap<Integer, String> next = usedCertificates.plus(generation, nonce);
        return new Succession(
                offBy, next.size() > MAX_CERTIFICATES ? next.minus(next.firstKey()) : next);
    }
}
