package dev.sluice.loadtest.sim;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.sluice.agent.ledger.Register;
import dev.sluice.agent.session.PromotionProofs;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.v1.ForcedPromotion;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Operators' signatures without cryptography, which is not what is simulated. */
final class SimSignatures {

    private static final byte[] OPERATOR = "operator".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] INTRUDER = "somebody".getBytes(StandardCharsets.US_ASCII);

    /** What the agents believe. */
    static PromotionProofs proofs(Mutation mutation) {
        return signed -> {
            boolean believed =
                    mutation == Mutation.AGENT_BELIEVES_ANYBODY
                            || Arrays.equals(signed.getSignature().toByteArray(), OPERATOR);
            if (!believed) {
                return new PromotionProofs.Finding.Unproven("an operator's signature");
            }
            try {
                ForcedPromotion promotion = ForcedPromotion.parseFrom(signed.getPromotion());
                Set<Register.Member> witnesses = new HashSet<>();
                promotion
                        .getWitnessesList()
                        .forEach(w ->
                                witnesses.add(new Register.Member(w.getNodeId(), w.getStoreId())));
                return new PromotionProofs.Finding.Promotion(
                        promotion.getGeneration(), promotion.getMasterId(), witnesses);
            } catch (InvalidProtocolBufferException e) {
                return new PromotionProofs.Finding.Unproven(String.valueOf(e.getMessage()));
            }
        };
    }

    private SimSignatures() {}

    static SignedPromotion byOperator(ForcedPromotion promotion) {
        return signed(promotion, OPERATOR);
    }

    static SignedPromotion byIntruder(ForcedPromotion promotion) {
        return signed(promotion, INTRUDER);
    }

    private static SignedPromotion signed(ForcedPromotion promotion, byte[] by) {
        return new SignedPromotion(
                Blob.of(promotion.toByteArray()), Blob.of(by), List.of(Blob.of(by)));
    }
}
