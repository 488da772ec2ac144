package dev.sluice.control.state;

import dev.sluice.control.model.NodeId;
import java.util.List;
import java.util.Optional;

/**
 * An operator's certificate by which a master became primary without those that could not be
 * reached, as the journal keeps it.
 *
 * @param nonce names the certificate, which is used once
 * @param witnesses the nodes that decide from then on
 * @param writtenOff the nodes that were given up
 * @param lastIndex the last entry that the master had when the certificate was made
 * @param acceptedLoss in words, what may be lost after that entry
 * @param signed what the operator signed; empty: the promotion is of a release that did not keep it
 */
public record ForcedPromotion(
        int generation,
        NodeId master,
        String nonce,
        Actor operator,
        List<NodeId> witnesses,
        List<NodeId> writtenOff,
        long lastIndex,
        String acceptedLoss,
        Optional<SignedPromotion> signed) {

    public ForcedPromotion {
        witnesses = List.copyOf(witnesses);
        writtenOff = List.copyOf(writtenOff);
    }
}
