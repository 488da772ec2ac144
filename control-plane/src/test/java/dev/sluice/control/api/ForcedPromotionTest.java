package dev.sluice.control.api;

import static dev.sluice.control.api.FakeMasters.bothInSync;
import static dev.sluice.control.api.FakeMasters.follower;
import static dev.sluice.control.api.FakeMasters.standing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.sluice.control.codec.EventCodec;
import dev.sluice.control.journal.JournalEntry;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Event;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.Credentials;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.ForcePromotionRequest;
import dev.sluice.v1.ForcedPromotion;
import dev.sluice.v1.OperatorServiceGrpc.OperatorServiceBlockingStub;
import dev.sluice.v1.ProposeForcedPromotionRequest;
import dev.sluice.v1.ProposeForcedPromotionResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.security.Signature;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over mutual TLS on loopback, with real keys and controllers; the election is a fake. */
final class ForcedPromotionTest {
    private static final Credentials ALICE = ServedMaster.credentials(PeerName.operator("alice"));
    private static final Ballot FORCED = new Ballot(1, 1, Scene.B, 9);

    @AutoClose private final ServedMaster a;
    @AutoClose private final ServedMaster b;
    private OperatorServiceBlockingStub atB;

    ForcedPromotionTest(@TempDir Path directory) throws Exception {
        this.a = new ServedMaster(Scene.A, directory);
        this.b = new ServedMaster(Scene.B, directory);
    }

    /** The primary is gone; m-b has its journal, and an election that lets itself be forced. */
    @BeforeEach
    void loseThePrimary() throws Exception {
        atB = b.following(a.inOffice()).alice();
        b.masters.standing = follower(bothInSync(), null);
        b.masters.onForce =
                () -> {
                    var _ =
                            b.controller.submit(
                                    new Command.TakeOffice(
                                            FORCED,
                                            "1.0.0",
                                            "forced",
                                            Optional.of(b.masters.certificates.getLast())));
                };
    }

    private ProposeForcedPromotionResponse propose() {
        return atB.proposeForcedPromotion(
                ProposeForcedPromotionRequest.newBuilder()
                        .setMasterId("m-b")
                        .addWriteOff("m-a")
                        .build());
    }

    private static ForcePromotionRequest signed(ByteString promotion, Credentials by)
            throws Exception {
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(by.key());
        signature.update(promotion.toByteArray());
        return ForcePromotionRequest.newBuilder()
                .setPromotion(promotion)
                .setSignature(ByteString.copyFrom(signature.sign()))
                .addCertificateChain(ByteString.copyFrom(by.certificate().getEncoded()))
                .build();
    }

    private ForcePromotionRequest altered(UnaryOperator<ForcedPromotion.Builder> how)
            throws Exception {
        ForcedPromotion promotion = ForcedPromotion.parseFrom(propose().getPromotion());
        return signed(how.apply(promotion.toBuilder()).build().toByteString(), ALICE);
    }

    private void assertRefused(ForcePromotionRequest request, String words) {
        StatusRuntimeException e =
                catchThrowableOfType(
                        StatusRuntimeException.class, () -> atB.forcePromotion(request));
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(e.getStatus().getDescription()).isEqualTo(words);
        assertThat(b.masters.asked).isEmpty();
    }

    private List<Event> events() throws Exception {
        EventCodec codec = new EventCodec();
        return b.controller.read(1, 1 << 20).stream()
                .map((JournalEntry e) -> codec.decode(e.index(), e.payload()).event())
                .toList();
    }

    @Test
    @Tag("REL-1")
    void becomesPrimaryByASignedCertificateWhichTheJournalKeepsFirst() throws Exception {
        int before = events().size();

        var forced = atB.forcePromotion(signed(propose().getPromotion(), ALICE));

        assertThat(forced.getBallot()).isEqualTo(WireValues.of(FORCED));
        assertThat(b.masters.asked).containsExactly("force 1 [m-b/ledger-m-b]");
        List<Event> after = events().subList(before, events().size());
        assertThat(after.getFirst()).isInstanceOf(Event.PrimaryTookOffice.class);
        assertThat(after.get(1))
                .isInstanceOfSatisfying(
                        Event.ForcedPromotionUsed.class,
                        used -> {
                            assertThat(used.promotion().generation()).isEqualTo(1);
                            assertThat(used.promotion().operator()).isEqualTo(Scene.ALICE);
                            assertThat(used.promotion().writtenOff()).containsExactly(Scene.A);
                            assertThat(used.promotion().acceptedLoss()).startsWith("none by");
                        });
    }

    @Test
    @Tag("REL-1")
    void aCertificateIsTakenOnce() throws Exception {
        ForcePromotionRequest request = signed(propose().getPromotion(), ALICE);
        var _ = atB.forcePromotion(request);
        b.masters.asked.clear();
        String nonce = ForcedPromotion.parseFrom(request.getPromotion()).getNonce();
        assertThat(b.controller.state().succession().usedIn(nonce)).contains(1);

        assertRefused(request, "certificate: was used already, in generation 1");
    }

    @Test
    @Tag("REL-1")
    void aCertificateOfAnotherGenerationIsRefused() throws Exception {
        ForcePromotionRequest request = signed(propose().getPromotion(), ALICE);
        b.masters.standing =
                standing(
                        Masters.Kind.FOLLOWER,
                        "",
                        FakeMasters.JOURNAL_B,
                        FakeMasters.register(
                                new Ballot(4, 1, Scene.A, 3),
                                new dev.sluice.control.failover.Replica(
                                        Scene.B, FakeMasters.JOURNAL_B)),
                        null);

        assertRefused(request, "certificate: is for generation 1, and the next one is 5");
    }

    @Test
    @Tag("REL-3")
    void refusesWhateverDiffersFromTheProposalAndSaysWhat() throws Exception {
        assertRefused(
                altered(p -> p.setCluster("other")),
                "certificate: is for cluster other, and this is cluster test");
        assertRefused(
                altered(p -> p.setMasterId("m-a")),
                "certificate: is for master m-a, and this is master m-b");
        assertRefused(
                altered(p -> p.setGeneration(-1)),
                "certificate: is for generation 4294967295, and the next one is 1");
        assertRefused(
                altered(p -> p.setNonce("0".repeat(32))),
                "certificate: is not one that this process of the master proposed and still keeps; have it proposed anew");
        assertRefused(
                altered(p -> p.addWitnesses(p.getWitnesses(0))),
                "certificate: names other witnesses than were proposed");
        assertRefused(
                altered(p -> p.setAcceptedLoss("nothing at all")),
                "certificate: differs from what was proposed");
        assertRefused(
                signed(ByteString.copyFromUtf8("\u0007no message"), ALICE),
                "certificate: expected a forced promotion in its bytes, found something else");
    }

    @Test
    void refusesAnExpiredCertificate() throws Exception {
        ForcePromotionRequest request = signed(propose().getPromotion(), ALICE);
        var expiry = ForcedPromotion.parseFrom(request.getPromotion()).getExpiry();
        b.now = b.now.plus(ForcedProposal.VALID).plusSeconds(1);

        assertRefused(
                request,
                "certificate: expired at %s; have it proposed anew"
                        .formatted(
                                java.time.Instant.ofEpochSecond(
                                        expiry.getSeconds(), expiry.getNanos())));
    }

    @Test
    @Tag("REL-3")
    void onlyAnOperatorOfThisClusterCanSign() throws Exception {
        ByteString promotion = propose().getPromotion();
        Credentials node = ServedMaster.credentials(PeerName.node("eu-1"));
        Credentials stranger =
                CertificateAuthority.create("other", Duration.ofDays(1), InstantSource.system())
                        .issue(PeerName.operator("alice"), Set.of(), Duration.ofHours(1));
        ForcePromotionRequest good = signed(promotion, ALICE);

        assertRefusedLike(signed(promotion, node), "expected a operator, found sluice://node/eu-1");
        assertRefusedLike(signed(promotion, stranger), "expected a certificate issued by CN=test");
        assertRefusedLike(
                signed(promotion, node).toBuilder()
                        .clearCertificateChain()
                        .addAllCertificateChain(good.getCertificateChainList())
                        .build(),
                "the signature is not sluice://operator/alice's over these bytes");
        assertRefusedLike(
                good.toBuilder().setSignature(ByteString.copyFromUtf8("no")).build(),
                "found none that can be read");
        assertRefusedLike(good.toBuilder().clearCertificateChain().build(), "found 0 certificates");
        assertRefusedLike(
                good.toBuilder()
                        .clearCertificateChain()
                        .addCertificateChain(ByteString.copyFromUtf8("no"))
                        .build(),
                "certificate: ");
    }

    private void assertRefusedLike(ForcePromotionRequest request, String words) {
        StatusRuntimeException e =
                catchThrowableOfType(
                        StatusRuntimeException.class, () -> atB.forcePromotion(request));
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(e.getStatus().getDescription()).startsWith("certificate: ").contains(words);
        assertThat(b.masters.asked).isEmpty();
    }

    @Test
    void thePrimaryAndOtherMastersProposeNothing() throws Exception {
        OperatorServiceBlockingStub atA = a.alice();
        var forA = ProposeForcedPromotionRequest.newBuilder().setMasterId("m-a").build();
        var forB = ProposeForcedPromotionRequest.newBuilder().setMasterId("m-b").build();

        assertThat(
                        catchThrowableOfType(
                                        StatusRuntimeException.class,
                                        () -> atA.proposeForcedPromotion(forA))
                                .getStatus()
                                .getDescription())
                .isEqualTo("master m-a: is the primary already");
        assertThat(
                        catchThrowableOfType(
                                        StatusRuntimeException.class,
                                        () -> atA.proposeForcedPromotion(forB))
                                .getStatus()
                                .getDescription())
                .isEqualTo("master m-b: master m-a answers here; ask that one itself");
    }

    @Test
    void saysInTheElectionsWordsWhyForceDidNotHelp() throws Exception {
        b.masters.onForce =
                () -> {
                    b.masters.next.add(
                            standing(
                                    Masters.Kind.CANDIDATE,
                                    "asks",
                                    FakeMasters.JOURNAL_B,
                                    bothInSync(),
                                    null));
                    b.masters.standing =
                            standing(
                                    Masters.Kind.FOLLOWER,
                                    "no quorum of witnesses answered",
                                    FakeMasters.JOURNAL_B,
                                    bothInSync(),
                                    null);
                };
        ForcePromotionRequest request = signed(propose().getPromotion(), ALICE);

        StatusRuntimeException e =
                catchThrowableOfType(
                        StatusRuntimeException.class, () -> atB.forcePromotion(request));

        assertThat(e.getStatus().getDescription())
                .isEqualTo("master m-b: did not become primary: no quorum of witnesses answered");
    }
}
