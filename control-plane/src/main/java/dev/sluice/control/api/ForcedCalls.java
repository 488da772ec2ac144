package dev.sluice.control.api;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.codec.JournalCodecException;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.journal.JournalCompactedException;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Blob;
import dev.sluice.control.state.Recorded;
import dev.sluice.control.state.SignedPromotion;
import dev.sluice.trust.pki.OperatorSignatures;
import dev.sluice.v1.ForcePromotionRequest;
import dev.sluice.v1.ForcePromotionResponse;
import dev.sluice.v1.ForcedPromotion;
import dev.sluice.v1.ProposeForcedPromotionRequest;
import dev.sluice.v1.ProposeForcedPromotionResponse;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Promotion by force: this master proposes a certificate, an operator signs it, and it is taken
 * once. A certificate has to be, byte by byte, one that this process proposed.
 */
final class ForcedCalls {

    /** Proposals that wait to be signed; of more, the oldest are forgotten. */
    private static final int MAX_PROPOSALS = 8;

    /**
     * Masters, and nodes that must be no witnesses; whoever is not reached need not be named. Each
     * agent is shown the certificate: it stays below 100 KiB.
     */
    private static final int MAX_WRITTEN_OFF = 1_000;

    private static final int NONCE_BYTES = 16;
    private static final int MAX_READ = 1 << 20;

    /** The election begins or refuses at its next look. */
    private static final long LONGEST_BEGIN_SECONDS = 5;

    private static final String CERTIFICATE = "certificate";

    private final MasterCalls calls;
    private final Controller controller;
    private final Masters masters;
    private final Supplier<Outlook> outlook;
    private final Ascent ascent;
    private final OperatorSignatures signatures;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, ForcedPromotion> proposals = new LinkedHashMap<>();

    ForcedCalls(
            MasterCalls calls,
            Controller controller,
            Masters masters,
            Supplier<Outlook> outlook,
            Ascent ascent,
            OperatorSignatures signatures,
            InstantSource clock) {
        this.calls = calls;
        this.controller = controller;
        this.masters = masters;
        this.outlook = outlook;
        this.ascent = ascent;
        this.signatures = signatures;
        this.clock = clock;
    }

    /** What a forced promotion of this master would give up. */
    ProposeForcedPromotionResponse propose(ProposeForcedPromotionRequest request) {
        NodeId self = requirePassive(calls.master(request.getMasterId()));
        Set<NodeId> writtenOff = new TreeSet<>();
        if (request.getWriteOffCount() > MAX_WRITTEN_OFF) {
            throw ApiErrors.invalid(
                    "write_off",
                    "at most %d nodes".formatted(MAX_WRITTEN_OFF),
                    String.valueOf(request.getWriteOffCount()));
        }
        request.getWriteOffList()
                .forEach(text -> writtenOff.add(Arguments.name("write_off", text, NodeId::new)));
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        var proposal = new ForcedProposal(outlook.get(), masters.standing(), writtenOff);
        return switch (proposal.propose(
                last(self), HexFormat.of().formatHex(nonce), clock.instant())) {
            case ForcedProposal.Outcome.Refused(var refusal) -> throw ApiErrors.refused(refusal);
            case ForcedProposal.Outcome.Proposed(var promotion, var answer) -> {
                keep(promotion);
                yield answer;
            }
        };
    }

    private NodeId requirePassive(NodeId master) {
        NodeId self = outlook.get().self();
        if (!master.equals(self)) {
            throw calls.notThisOne(master);
        }
        if (controller.isInOffice()) {
            throw ApiErrors.refused("master " + self, "is the primary already");
        }
        return self;
    }

    private @Nullable Recorded last(NodeId self) {
        long index = controller.state().index();
        if (index == 0) {
            return null;
        }
        try {
            List<JournalEntry> entries = controller.read(index, MAX_READ);
            return entries.isEmpty()
                    ? null
                    : new EventCodec().decode(index, entries.getFirst().payload());
        } catch (JournalCompactedException _) {
            return null;
        } catch (IOException | JournalCodecException e) {
            throw ApiErrors.internal("the last entry of master " + self, e);
        }
    }

    private synchronized void keep(ForcedPromotion promotion) {
        if (proposals.size() >= MAX_PROPOSALS) {
            proposals.remove(proposals.keySet().iterator().next());
        }
        proposals.put(promotion.getNonce(), promotion);
    }

    private synchronized @Nullable ForcedPromotion proposed(String nonce) {
        return proposals.get(nonce);
    }

    private synchronized boolean take(String nonce) {
        return proposals.remove(nonce) != null;
    }

    /** Takes office by a certificate, and waits until this master is primary. */
    ForcePromotionResponse force(ForcePromotionRequest request) {
        Actor operator =
                switch (signatures.signer(
                        request.getPromotion().toByteArray(),
                        request.getSignature().toByteArray(),
                        request.getCertificateChainList().stream()
                                .map(ByteString::toByteArray)
                                .toList())) {
                    case OperatorSignatures.Signer.Nobody(var why) ->
                            throw ApiErrors.refused(CERTIFICATE, why);
                    case OperatorSignatures.Signer.Operator(var name) -> new Actor(name.id());
                };
        ForcedPromotion promotion = parse(request.getPromotion());
        String nonce = promotion.getNonce();
        refusal(promotion, request.getPromotion())
                .ifPresent(why -> {
                    throw ApiErrors.refused(CERTIFICATE, why);
                });
        requirePassive(new NodeId(promotion.getMasterId()));
        if (!take(nonce)) {
            throw ApiErrors.refused(CERTIFICATE, "is being used by another call");
        }
        begin(promotion, operator, signed(request));
        return ForcePromotionResponse.newBuilder()
                .setBallot(WireValues.of(ascent.await(false)))
                .build();
    }

    private static SignedPromotion signed(ForcePromotionRequest request) {
        return new SignedPromotion(
                Blob.of(request.getPromotion().toByteArray()),
                Blob.of(request.getSignature().toByteArray()),
                request.getCertificateChainList().stream()
                        .map(certificate -> Blob.of(certificate.toByteArray()))
                        .toList());
    }

    private static ForcedPromotion parse(ByteString bytes) {
        try {
            return ForcedPromotion.parseFrom(bytes);
        } catch (InvalidProtocolBufferException _) {
            throw ApiErrors.refused(
                    CERTIFICATE, "expected a forced promotion in its bytes, found something else");
        }
    }

    /** Why this master does not take the certificate now; its signature was checked before. */
    private Optional<String> refusal(ForcedPromotion promotion, ByteString bytes) {
        Outlook now = outlook.get();
        var topology = now.state().topology();
        String cluster = topology == null ? "" : topology.name();
        if (!promotion.getCluster().equals(cluster)) {
            return Optional.of(
                    "is for cluster %s, and this is cluster %s"
                            .formatted(promotion.getCluster(), cluster));
        }
        if (!promotion.getMasterId().equals(now.self().value())) {
            return Optional.of(
                    "is for master %s, and this is master %s"
                            .formatted(promotion.getMasterId(), now.self()));
        }
        Optional<Integer> used = now.state().succession().usedIn(promotion.getNonce());
        if (used.isPresent()) {
            return Optional.of("was used already, in generation %d".formatted(used.get()));
        }
        int generation = ForcedProposal.generation(now, masters.standing());
        if (promotion.getGeneration() != generation) {
            return Optional.of(
                    "is for generation %s, and the next one is %d"
                            .formatted(
                                    Integer.toUnsignedString(promotion.getGeneration()),
                                    generation));
        }
        Instant expiry = instant(promotion.getExpiry());
        if (clock.instant().isAfter(expiry)) {
            return Optional.of("expired at %s; have it proposed anew".formatted(expiry));
        }
        ForcedPromotion proposed = proposed(promotion.getNonce());
        if (proposed == null) {
            return Optional.of(
                    "is not one that this process of the master proposed and still keeps; have it proposed anew");
        }
        if (!proposed.getWitnessesList().equals(promotion.getWitnessesList())) {
            return Optional.of("names other witnesses than were proposed");
        }
        return ByteString.copyFrom(proposed.toByteArray()).equals(bytes)
                ? Optional.empty()
                : Optional.of("differs from what was proposed");
    }

    private static Instant instant(Timestamp at) {
        return Instant.ofEpochSecond(at.getSeconds(), at.getNanos());
    }

    private void begin(ForcedPromotion promotion, Actor operator, SignedPromotion signed) {
        SortedSet<Witness> witnesses = new TreeSet<>();
        promotion
                .getWitnessesList()
                .forEach(member ->
                        witnesses.add(
                                new Witness(
                                        new NodeId(member.getNodeId()),
                                        new StoreId(member.getStoreId()))));
        var certificate =
                new dev.sluice.control.state.ForcedPromotion(
                        promotion.getGeneration(),
                        new NodeId(promotion.getMasterId()),
                        promotion.getNonce(),
                        operator,
                        witnesses.stream().map(Witness::node).toList(),
                        promotion.getWrittenOffList().stream().map(NodeId::new).toList(),
                        promotion.getLastIndex(),
                        promotion.getAcceptedLoss(),
                        Optional.of(signed));
        try {
            String why =
                    masters.force(promotion.getGeneration(), witnesses, certificate)
                            .get(LONGEST_BEGIN_SECONDS, TimeUnit.SECONDS);
            if (!why.isEmpty()) {
                throw ApiErrors.refused("master " + promotion.getMasterId(), why);
            }
        } catch (TimeoutException _) {
            throw ApiErrors.unanswered(
                    "master " + promotion.getMasterId(),
                    "its election did not begin within %d s; see with 'sluice masters list'"
                            .formatted(LONGEST_BEGIN_SECONDS));
        } catch (ExecutionException e) {
            throw ApiErrors.internal("ForcePromotion", e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw ApiErrors.unanswered("ForcePromotion", "this master is closing");
        }
    }
}
