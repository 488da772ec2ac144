package dev.sluice.agent.session;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.sluice.agent.ledger.Register;
import dev.sluice.trust.pki.OperatorSignatures;
import dev.sluice.v1.ForcedPromotion;
import dev.sluice.v1.SignedPromotion;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/**
 * Believes what an operator of this cluster signed: the certificate's own authority, the role
 * operator, a signature over exactly these bytes.
 *
 * <p>The operator's certificate has to have been valid when the promotion was issued, and not now:
 * a node may come back long after, and no rule of the election reads this node's clock.
 */
public final class SignedPromotions implements PromotionProofs {

    /** A master signs off at most 1,000 nodes, each named with at most 63 characters. */
    private static final int MAX_BYTES = 256 << 10;

    private final OperatorSignatures signatures;

    public SignedPromotions(OperatorSignatures signatures) {
        this.signatures = signatures;
    }

    @Override
    public Finding read(SignedPromotion signed) {
        if (signed.getPromotion().isEmpty() || signed.getSerializedSize() > MAX_BYTES) {
            return new Finding.Unproven(
                    "a promotion of 1 to %d bytes: found %d"
                            .formatted(MAX_BYTES, signed.getSerializedSize()));
        }
        ForcedPromotion promotion;
        Instant issued;
        Instant expiry;
        try {
            promotion = ForcedPromotion.parseFrom(signed.getPromotion());
            issued = instant(promotion.getIssued());
            expiry = instant(promotion.getExpiry());
        } catch (InvalidProtocolBufferException | DateTimeException _) {
            return new Finding.Unproven("a forced promotion in its bytes: found something else");
        }
        if (!issued.isBefore(expiry)) {
            return new Finding.Unproven(
                    "a time of issue before the end %s: found %s".formatted(expiry, issued));
        }
        return switch (signatures.signerAt(
                issued,
                signed.getPromotion().toByteArray(),
                signed.getSignature().toByteArray(),
                signed.getCertificateChainList().stream().map(ByteString::toByteArray).toList())) {
            case OperatorSignatures.Signer.Nobody(var why) ->
                    new Finding.Unproven("an operator's signature: " + why);
            case OperatorSignatures.Signer.Operator _ -> promotion(promotion);
        };
    }

    private static Finding promotion(ForcedPromotion promotion) {
        Set<Register.Member> witnesses = new HashSet<>();
        promotion
                .getWitnessesList()
                .forEach(w -> witnesses.add(new Register.Member(w.getNodeId(), w.getStoreId())));
        return new Finding.Promotion(promotion.getGeneration(), promotion.getMasterId(), witnesses);
    }

    private static Instant instant(Timestamp at) {
        return Instant.ofEpochSecond(at.getSeconds(), at.getNanos());
    }
}
