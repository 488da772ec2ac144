package dev.sluice.control.state;

import java.util.List;

/**
 * A forced promotion in the bytes that an operator signed: what an agent sees before it obeys a
 * ballot of a generation that it has not met.
 *
 * @param chain certificates in DER, the operator's first
 */
public record SignedPromotion(Blob promotion, Blob signature, List<Blob> chain) {

    public SignedPromotion {
        chain = List.copyOf(chain);
    }
}
