package dev.sluice.loadtest.sim;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.sluice.agent.ledger.Register;
import dev.sluice.agent.session.PromotionProofs;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.v1.ForcedPromotion;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Operators' signatures without cryptography, which is not what is simulated. */
final class SimSignatures {

    private static final byte[] OPERATOR = "operator".getBytes(StandardCharsets.US_ASCII);

    /** What the agents believe. */
    static final PromotionProofs PROOFS =
            signed -> {
                if (!Blob.of(signed.getSignature().toByteArray()).equals(Blob.of(OPERATOR))) {
                    return new PromotionProofs.Finding.Unproven("an operator's signature");
                }
                try {
                    ForcedPromotion promotion = ForcedPromotion.parseFrom(signed.getPromotion());
                    Set<Register.Member> witnesses = new HashSet<>();
                    promotion
                            .getWitnessesList()
                            .forEach(w ->
                                    witnesses.add(
                                            new Register.Member(w.getNodeId(), w.getStoreId())));
                    return new PromotionProofs.Finding.Promotion(
                            promotion.getGeneration(), promotion.getMasterId(), witnesses);
                } catch (InvalidProtocolBufferException e) {
                    return new PromotionProofs.Finding.Unproven(String.valueOf(e.getMessage()));
                }
            };

    private SimSignatures() {}

    static SignedPromotion sign(ForcedPromotion promotion) {
        return new SignedPromotion(
                Blob.of(promotion.toByteArray()), Blob.of(OPERATOR), List.of(Blob.of(OPERATOR)));
    }
}
