package dev.sluice.control.codec;

import com.google.protobuf.ByteString;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.ForcedPromotion;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.control.state.Succession;
import dev.sluice.v1.ClusterStateSnapshot;
import dev.sluice.v1.JournalEntry;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.pcollections.TreePMap;

/** What operators decided about who takes over, both ways. */
public final class SuccessionMapping {

    private SuccessionMapping() {}

    /** Raises the snapshot's format when there is anything that the first release does not know. */
    static void encode(Succession succession, ClusterStateSnapshot.Builder message) {
        if (succession.equals(Succession.EMPTY)) {
            return;
        }
        message.setFormat(JournalFormat.SUCCESSION);
        Actor offBy = succession.offBy();
        if (offBy != null) {
            message.setAutomaticFailoverOffBy(offBy.name());
        }
        succession
                .usedCertificates()
                .forEach((generation, nonce) ->
                        message.addUsedCertificatesBuilder()
                                .setGeneration(generation)
                                .setNonce(nonce));
        SignedPromotion signed = succession.signed();
        if (signed != null) {
            message.setFormat(JournalFormat.SIGNED_PROMOTION).setSignedPromotion(encode(signed));
        }
    }

    static Succession decode(ClusterStateSnapshot message) {
        SortedMap<Integer, String> used = new TreeMap<>();
        for (var each : message.getUsedCertificatesList()) {
            JournalFormat.known(each);
            ValueMapping.putNew(
                    used,
                    notNegative(each.getGeneration()),
                    each.getNonce(),
                    "certificate of generation");
        }
        return new Succession(
                message.hasAutomaticFailoverOffBy()
                        ? new Actor(message.getAutomaticFailoverOffBy())
                        : null,
                TreePMap.from(used),
                message.hasSignedPromotion() ? decode(message.getSignedPromotion()) : null);
    }

    public static JournalEntry.ForcedPromotionUsed encode(ForcedPromotion promotion) {
        JournalEntry.ForcedPromotionUsed.Builder message =
                JournalEntry.ForcedPromotionUsed.newBuilder()
                        .setGeneration(promotion.generation())
                        .setMasterId(promotion.master().value())
                        .setNonce(promotion.nonce())
                        .setActor(promotion.operator().name())
                        .addAllWitnesses(ValueMapping.encode(promotion.witnesses()))
                        .addAllWrittenOff(ValueMapping.encode(promotion.writtenOff()))
                        .setLastIndex(promotion.lastIndex())
                        .setAcceptedLoss(promotion.acceptedLoss());
        promotion.signed().ifPresent(signed -> message.setSigned(encode(signed)));
        return message.build();
    }

    public static ForcedPromotion decode(JournalEntry.ForcedPromotionUsed message) {
        return new ForcedPromotion(
                notNegative(message.getGeneration()),
                new NodeId(message.getMasterId()),
                message.getNonce(),
                new Actor(message.getActor()),
                ValueMapping.decodeNodes(message.getWitnessesList()),
                ValueMapping.decodeNodes(message.getWrittenOffList()),
                message.getLastIndex(),
                message.getAcceptedLoss(),
                message.hasSigned() ? Optional.of(decode(message.getSigned())) : Optional.empty());
    }

    /** What an operator signed, as agents are shown it too. */
    public static dev.sluice.v1.SignedPromotion encode(SignedPromotion signed) {
        return dev.sluice.v1.SignedPromotion.newBuilder()
                .setPromotion(bytes(signed.promotion()))
                .setSignature(bytes(signed.signature()))
                .addAllCertificateChain(
                        signed.chain().stream().map(SuccessionMapping::bytes).toList())
                .build();
    }

    private static SignedPromotion decode(dev.sluice.v1.SignedPromotion message) {
        var known = JournalFormat.known(message);
        return new SignedPromotion(
                blob(known.getPromotion()),
                blob(known.getSignature()),
                known.getCertificateChainList().stream().map(SuccessionMapping::blob).toList());
    }

    private static ByteString bytes(Blob blob) {
        return ByteString.copyFrom(blob.toArray());
    }

    private static Blob blob(ByteString bytes) {
        return Blob.of(bytes.toByteArray());
    }

    private static int notNegative(int unsigned) {
        if (unsigned < 0) {
            throw new IllegalArgumentException(
                    "generation: expected less than 2^31, found %s"
                            .formatted(Integer.toUnsignedString(unsigned)));
        }
        return unsigned;
    }
}
