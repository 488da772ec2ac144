package dev.sluice.agent.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.sluice.agent.ledger.Ballot;
import dev.sluice.agent.ledger.LedgerRecord;
import dev.sluice.agent.ledger.LedgerState;
import dev.sluice.trust.pki.CertificateAuthority;
import dev.sluice.trust.pki.Credentials;
import dev.sluice.trust.pki.OperatorSignatures;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.trust.pki.TlsIdentity;
import dev.sluice.trust.x509.EcKeys;
import dev.sluice.v1.Accept;
import dev.sluice.v1.Command;
import dev.sluice.v1.CutSessions;
import dev.sluice.v1.Fence;
import dev.sluice.v1.ForcedPromotion;
import dev.sluice.v1.LeaseRenewal;
import dev.sluice.v1.Prepare;
import dev.sluice.v1.Replica;
import dev.sluice.v1.SignedPromotion;
import dev.sluice.v1.WitnessMember;
import dev.sluice.v1.WitnessRegister;
import dev.sluice.v1.WitnessRequest;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Certificates of a real authority: what lets a ballot of a later generation in. */
final class ForcedGenerationTest {

    private static final Instant NOW = Instant.parse("2026-11-27T02:00:00Z");
    private static final InstantSource CLOCK = InstantSource.fixed(NOW);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Ballot KNOWN = new Ballot(1, 7, "m-a", 3);
    private static final Ballot FORCED = new Ballot(2, 1, "m-b", 5);
    private static final Ballot ELECTED_LATER = new Ballot(2, 4, "m-a", 6);

    private final CertificateAuthority authority =
            CertificateAuthority.create("test", DAY.multipliedBy(365), CLOCK);
    private final Credentials operator = authority.issue(PeerName.operator("ada"), Set.of(), DAY);
    private LedgerState known =
            LedgerState.empty()
                    .apply(new LedgerRecord.Founded("eu-1"))
                    .apply(new LedgerRecord.StoreNamed("s1"))
                    .apply(new LedgerRecord.BallotRaised(KNOWN));

    private SessionCore core() throws Exception {
        return core(CLOCK);
    }

    /** The agent's own identity is as new as its clock; the authority is the cluster's. */
    private SessionCore core(InstantSource clock) throws Exception {
        Credentials node = authority.issue(PeerName.node("eu-1"), Set.of(), DAY.multipliedBy(300));
        return new SessionCore(
                new SignedPromotions(new OperatorSignatures(TlsIdentity.of(node, clock))));
    }

    private static ForcedPromotion.Builder promotion() {
        return ForcedPromotion.newBuilder()
                .setCluster("demo")
                .setMasterId("m-b")
                .setGeneration(2)
                .addWitnesses(member("eu-1", "s1"))
                .addWitnesses(member("m-b", "s2"))
                .setNonce("00")
                .setIssued(at(NOW))
                .setExpiry(at(NOW.plusSeconds(600)));
    }

    private static WitnessMember member(String node, String store) {
        return WitnessMember.newBuilder().setNodeId(node).setStoreId(store).build();
    }

    private static Timestamp at(Instant instant) {
        return Timestamp.newBuilder().setSeconds(instant.getEpochSecond()).build();
    }

    private static SignedPromotion signed(ForcedPromotion.Builder promotion, Credentials by)
            throws Exception {
        byte[] bytes = promotion.build().toByteArray();
        Signature signature = Signature.getInstance(EcKeys.SIGNATURE_ALGORITHM);
        signature.initSign(by.key());
        signature.update(bytes);
        return SignedPromotion.newBuilder()
                .setPromotion(ByteString.copyFrom(bytes))
                .setSignature(ByteString.copyFrom(signature.sign()))
                .addCertificateChain(ByteString.copyFrom(by.certificate().getEncoded()))
                .build();
    }

    private static Fence fence(Ballot ballot, SignedPromotion signed) {
        return Fence.newBuilder().setBallot(Ballots.toWire(ballot)).setPromotion(signed).build();
    }

    private String refusal(Ballot ballot, SignedPromotion signed) throws Exception {
        return refusal(core(), ballot, signed);
    }

    /** Why a fence is refused; it must then be the only effect, and the node obeys as before. */
    private String refusal(SessionCore core, Ballot ballot, SignedPromotion signed) {
        List<Effect> effects = core.fence(known, ballot.master(), fence(ballot, signed));
        assertThat(effects)
                .singleElement()
                .isInstanceOfSatisfying(
                        Effect.Refuse.class,
                        refuse -> {
                            assertThat(refuse.offered()).isEqualTo(ballot);
                            assertThat(refuse.highest()).isEqualTo(KNOWN);
                        });
        return ((Effect.Refuse) effects.getFirst()).reason();
    }

    private void assertObeyed(Ballot ballot, SignedPromotion signed) throws Exception {
        assertThat(core().fence(known, ballot.master(), fence(ballot, signed)))
                .contains(new Effect.PersistBallot(ballot))
                .endsWith(new Effect.ConfirmFence(ballot.master(), ballot));
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void aBallotOfALaterGenerationIsObeyedWithTheOperatorsCertificate() throws Exception {
        assertObeyed(FORCED, signed(promotion(), operator));
    }

    @Test
    @Tag("REL-1")
    void theSameWithoutACertificateIsRefusedWithWhatWasExpected() throws Exception {
        assertThat(refusal(FORCED, SignedPromotion.getDefaultInstance()))
                .isEqualTo(
                        "ballot 2.1.m-b.5 is of a later generation than 1.7.m-a.3: expected the certificate of a forced promotion to generation 2, found none");
    }

    @Test
    @Tag("REL-1")
    void neitherACommandNorALeaseBringsALaterGeneration() throws Exception {
        Command command =
                Command.newBuilder()
                        .setCommandId("c1")
                        .setBallot(Ballots.toWire(FORCED))
                        .setCutSessions(CutSessions.getDefaultInstance())
                        .build();
        LeaseRenewal lease =
                LeaseRenewal.newBuilder()
                        .setBallot(Ballots.toWire(FORCED))
                        .setLeaseMillis(2000)
                        .build();

        assertThat(core().command(known, "m-b", command))
                .singleElement()
                .isInstanceOf(Effect.Refuse.class);
        assertThat(core().lease(known, "m-b", lease))
                .singleElement()
                .isInstanceOf(Effect.Refuse.class);
    }

    @Test
    @Tag("REL-1")
    void aCertificateThatWasChangedAfterItWasSignedIsRefused() throws Exception {
        SignedPromotion good = signed(promotion().setGeneration(1), operator);
        SignedPromotion changed =
                good.toBuilder().setPromotion(promotion().build().toByteString()).build();

        assertThat(refusal(FORCED, changed)).contains("the signature is not");
    }

    @Test
    @Tag("REL-1")
    void aCertificateForAnotherMasterIsRefused() throws Exception {
        assertThat(refusal(FORCED, signed(promotion().setMasterId("m-c"), operator)))
                .endsWith("of master m-b, found one to generation 2 of master m-c");
    }

    @Test
    @Tag("REL-1")
    void aCertificateOfAnEarlierPromotionIsRefusedForTheNextGeneration() throws Exception {
        assertThat(refusal(new Ballot(3, 1, "m-b", 5), signed(promotion(), operator)))
                .endsWith("of master m-b, found one to generation 2 of master m-b");
    }

    @Test
    @Tag("REL-1")
    void aCertificateIsNoUseForABallotBelowTheOneThatIsObeyed() throws Exception {
        known = known.apply(new LedgerRecord.BallotRaised(ELECTED_LATER));

        assertThat(core().fence(known, "m-b", fence(FORCED, signed(promotion(), operator))))
                .containsExactly(new Effect.Refuse("m-b", FORCED, ELECTED_LATER, ""));
    }

    @Test
    @Tag("REL-1")
    void whoeverIsNoOperatorOfThisClusterSignsInVain() throws Exception {
        Credentials master = authority.issue(PeerName.master("m-b"), Set.of(), DAY);
        Credentials elsewhere =
                CertificateAuthority.create("other", DAY.multipliedBy(365), CLOCK)
                        .issue(PeerName.operator("ada"), Set.of(), DAY);

        assertThat(refusal(FORCED, signed(promotion(), master)))
                .contains("expected a operator")
                .contains("sluice://master/m-b");
        assertThat(refusal(FORCED, signed(promotion(), elsewhere)))
                .contains("expected a certificate issued by");
    }

    @Test
    @Tag("REL-1")
    void anOperatorWhoseCertificateHadExpiredWhenItWasIssuedIsRefused() throws Exception {
        Instant after = NOW.plus(DAY).plusSeconds(1);
        ForcedPromotion.Builder late =
                promotion().setIssued(at(after)).setExpiry(at(after.plusSeconds(600)));

        assertThat(refusal(FORCED, signed(late, operator))).contains("the certificate expired");
    }

    @Test
    @Tag("REL-1")
    void aNodeThatComesBackLongAfterStillBelievesWhatWasSignedInTime() throws Exception {
        SessionCore later = core(InstantSource.fixed(NOW.plus(DAY.multipliedBy(200))));

        assertThat(later.fence(known, "m-b", fence(FORCED, signed(promotion(), operator))))
                .contains(new Effect.PersistBallot(FORCED));
    }

    @Test
    @Tag("REL-1")
    void whoeverIsElectedLaterInTheGenerationShowsTheSameCertificate() throws Exception {
        assertObeyed(ELECTED_LATER, signed(promotion(), operator));
    }

    @Test
    @Tag("REL-1")
    void aGenerationThatIsObeyedAlreadyNeedsNoCertificateAndNoneIsReadForIt() throws Exception {
        known = known.apply(new LedgerRecord.BallotRaised(FORCED));

        assertObeyed(ELECTED_LATER, SignedPromotion.getDefaultInstance());
    }

    @Test
    @Tag("REL-1")
    void anEmptyLedgerObeysTheFirstBallotThatItMeets() throws Exception {
        known = LedgerState.empty();

        assertObeyed(FORCED, SignedPromotion.getDefaultInstance());
    }

    @Test
    @Tag("REL-3")
    void nonsenseInPlaceOfACertificateIsNamed() throws Exception {
        SignedPromotion nonsense =
                SignedPromotion.newBuilder()
                        .setPromotion(ByteString.copyFromUtf8("nonsense"))
                        .build();
        SignedPromotion backwards = signed(promotion().setExpiry(at(NOW)), operator);

        assertThat(refusal(FORCED, nonsense)).contains("found something else");
        assertThat(refusal(FORCED, backwards)).contains("a time of issue before the end");
    }

    private List<Effect> asked(WitnessRequest.Builder request, SignedPromotion signed)
            throws Exception {
        return core().witness(known, "m-b", request.setPromotion(signed).build(), 0);
    }

    private static WitnessRequest.Builder prepare(Ballot ballot) {
        return WitnessRequest.newBuilder()
                .setPrepare(Prepare.newBuilder().setBallot(Ballots.toWire(ballot)));
    }

    private static WitnessRequest.Builder accept(Ballot ballot, int sequence, WitnessMember... of) {
        WitnessRegister.Builder register =
                WitnessRegister.newBuilder()
                        .setBallot(Ballots.toWire(ballot))
                        .setSequence(sequence)
                        .addInSync(Replica.newBuilder().setMasterId("m-b").setStoreId("j2"));
        register.getWitnessesBuilder().setVersion(2).addAllMembers(List.of(of));
        return WitnessRequest.newBuilder().setAccept(Accept.newBuilder().setRegister(register));
    }

    private static String declined(List<Effect> effects) {
        assertThat(effects).singleElement().isInstanceOf(Effect.AnswerWitness.class);
        var answer = ((Effect.AnswerWitness) effects.getFirst()).answer();
        assertThat(answer.granted()).isFalse();
        return answer.reason();
    }

    private static void assertKept(List<Effect> effects) {
        assertThat(effects).hasSize(2);
        assertThat(effects.getFirst()).isInstanceOf(Effect.PersistVote.class);
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void aWitnessThatHasLostItsMemoryAsksForTheCertificateAsWell() throws Exception {
        known =
                LedgerState.empty()
                        .apply(new LedgerRecord.Founded("eu-1"))
                        .apply(new LedgerRecord.StoreNamed("s1"));

        assertThat(declined(asked(prepare(FORCED), SignedPromotion.getDefaultInstance())))
                .contains("found none");
        assertKept(asked(prepare(FORCED), signed(promotion(), operator)));
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    void aWitnessKeepsAForcedBallotOnlyWithACertificateThatNamesIt() throws Exception {
        SignedPromotion good = signed(promotion(), operator);
        SignedPromotion ofOthers =
                signed(promotion().clearWitnesses().addWitnesses(member("m-b", "s2")), operator);

        assertThat(declined(asked(prepare(FORCED), SignedPromotion.getDefaultInstance())))
                .contains("found none");
        assertThat(declined(asked(prepare(FORCED), ofOthers)))
                .contains("expected a witness of its certificate");
        assertKept(asked(prepare(FORCED), good));
    }

    @Test
    @Tag("REL-1")
    void anEmptyLedgerIsNoWitnessOfAForcedPromotionWithoutItsCertificate() throws Exception {
        known =
                LedgerState.empty()
                        .apply(new LedgerRecord.Founded("eu-1"))
                        .apply(new LedgerRecord.StoreNamed("s1"));

        assertThat(declined(asked(prepare(FORCED), SignedPromotion.getDefaultInstance())))
                .contains("later generation than any that is known")
                .endsWith("found none");
        assertKept(asked(prepare(FORCED), signed(promotion(), operator)));
        assertKept(
                asked(prepare(new Ballot(0, 1, "m-b", 5)), SignedPromotion.getDefaultInstance()));
    }

    @Test
    @Tag("REL-1")
    void aWitnessKeepsTheRegisterOnlyWithTheWitnessesOfTheCertificate() throws Exception {
        SignedPromotion good = signed(promotion(), operator);

        assertThat(declined(asked(accept(FORCED, 0, member("eu-1", "s1")), good)))
                .contains("expected the witnesses of its certificate");
        assertKept(asked(accept(FORCED, 0, member("m-b", "s2"), member("eu-1", "s1")), good));
        assertKept(asked(accept(FORCED, 3, member("eu-1", "s1")), good));
    }

    @Test
    @Tag("REL-1")
    void aWitnessAsksForNothingWhenAQuorumDecidedAndObeysNoMoreForIt() throws Exception {
        List<Effect> effects = core().witness(known, "m-a", prepare(ELECTED_LATER).build(), 0);
        assertKept(effects);
        known = known.apply(new LedgerRecord.BallotPromised(ELECTED_LATER));

        assertThat(refusal(ELECTED_LATER, SignedPromotion.getDefaultInstance()))
                .endsWith("found none");
    }
}
