package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.Ballot;
import dev.sluice.v1.ForcePromotionRequest;
import dev.sluice.v1.ForcePromotionResponse;
import dev.sluice.v1.ForcedPromotion;
import dev.sluice.v1.ProposeForcedPromotionRequest;
import dev.sluice.v1.ProposeForcedPromotionResponse;
import dev.sluice.v1.WitnessMember;
import dev.sluice.v1.WitnessRegister;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against master m-b with scripted answers; nothing listens where m-a was. */
final class ForcedPromotionFlowTest {
    private static final Ballot OF_A =
            Ballot.newBuilder().setCounter(7).setMasterId("m-a").setIncarnation(31).build();
    private static final ForcedPromotion PROMOTION =
            ForcedPromotion.newBuilder()
                    .setCluster("acme")
                    .setMasterId("m-b")
                    .setGeneration(1)
                    .addWitnesses(WitnessMember.newBuilder().setNodeId("eu-2").setStoreId("1"))
                    .addWitnesses(WitnessMember.newBuilder().setNodeId("m-b").setStoreId("2"))
                    .addWitnesses(WitnessMember.newBuilder().setNodeId("us-1").setStoreId("3"))
                    .addWrittenOff("m-a")
                    .addWrittenOff("eu-1")
                    .setLastIndex(1042)
                    .setAcceptedLoss(
                            "decisions after entry 1042 that master m-a acknowledged while master"
                                    + " m-b was not in sync by register 0.7.m-a.1f, sequence 4: at"
                                    + " least 3 entries")
                    .setNonce("00112233445566778899aabbccddeeff")
                    .setIssued(Timestamp.newBuilder().setSeconds(1_772_359_200))
                    .setExpiry(Timestamp.newBuilder().setSeconds(1_772_359_800))
                    .build();

    private final Path folder;
    @AutoClose private final FakeMaster b;
    private final Shell shell;

    ForcedPromotionFlowTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        this.shell = new Shell(folder);
        this.b = FakeMaster.start(Shell.AUTHORITY, PeerName.master("m-b"));
    }

    @BeforeEach
    void script() throws IOException {
        shell.addresses(Shell.deadAddress(), b.address());
        propose(PROMOTION);
        b.answer(
                ForcePromotionRequest.class,
                _ ->
                        ForcePromotionResponse.newBuilder()
                                .setBallot(
                                        Ballot.newBuilder()
                                                .setGeneration(1)
                                                .setCounter(1)
                                                .setMasterId("m-b")
                                                .setIncarnation(9))
                                .build());
    }

    private void propose(ForcedPromotion promotion) {
        b.answer(
                ProposeForcedPromotionRequest.class,
                _ ->
                        ProposeForcedPromotionResponse.newBuilder()
                                .setPromotion(promotion.toByteString())
                                .setLastAt(Timestamp.newBuilder().setSeconds(1_772_359_100))
                                .setLastBallot(OF_A)
                                .setRegister(WitnessRegister.newBuilder().setBallot(OF_A))
                                .setLastPrimary("m-a")
                                .setLastContact(Timestamp.newBuilder().setSeconds(1_772_359_110))
                                .setBehind(3)
                                .setLastSync(Timestamp.newBuilder().setSeconds(1_772_359_000))
                                .addUnreachableMasters("m-a")
                                .addUnreachableNodes("eu-1")
                                .addUnreachableNodes("m-a")
                                .addWarnings(
                                        "witnesses: 3 instead of 5, until more agents are connected")
                                .build());
    }

    private int force(String... more) {
        return shell.run(
                java.util.stream.Stream.concat(
                                java.util.stream.Stream.of(
                                        "masters",
                                        "promote",
                                        "m-b",
                                        "--force",
                                        "--write-off",
                                        "m-a,eu-1"),
                                java.util.stream.Stream.of(more))
                        .toArray(String[]::new));
    }

    private List<ForcePromotionRequest> forced() {
        return b.asked().stream()
                .filter(ForcePromotionRequest.class::isInstance)
                .map(ForcePromotionRequest.class::cast)
                .toList();
    }

    @Test
    void showsWhatWouldBeGivenUpAndDoesNothingWithoutTheOperatorsAcceptance() {
        assertThat(force()).isEqualTo(1);

        Golden.matches("forced-promotion.txt", shell.out());
        assertThat(shell.err()).contains("nothing was done: expected --accept-loss");
        assertThat(forced()).isEmpty();
        assertThat(b.asked())
                .contains(
                        ProposeForcedPromotionRequest.newBuilder()
                                .setMasterId("m-b")
                                .addWriteOff("m-a")
                                .addWriteOff("eu-1")
                                .build());
    }

    @Test
    @Tag("REL-1")
    void signsExactlyTheProposedBytesWithTheOperatorsKeyOnceTheClustersNameIsTyped()
            throws Exception {
        shell.typed.add("acme");

        assertThat(force("--accept-loss")).as(shell.err()).isZero();

        assertThat(shell.out())
                .contains("may be lost", "Master m-b is primary by force, ballot 1.1.m-b.9.");
        ForcePromotionRequest request = forced().getFirst();
        assertThat(request.getPromotion()).isEqualTo(PROMOTION.toByteString());
        X509Certificate operator =
                (X509Certificate)
                        CertificateFactory.getInstance("X.509")
                                .generateCertificate(
                                        new ByteArrayInputStream(
                                                request.getCertificateChain(0).toByteArray()));
        Signature check = Signature.getInstance("SHA256withECDSA");
        check.initVerify(operator.getPublicKey());
        check.update(PROMOTION.toByteArray());
        assertThat(check.verify(request.getSignature().toByteArray())).isTrue();
        String key =
                Files.readString(folder.resolve("kim/key.pem"))
                        .lines()
                        .skip(1)
                        .findFirst()
                        .orElseThrow();
        assertThat(shell.out() + shell.err()).doesNotContain(key);
    }

    @Test
    void leavesItWhenAnythingElseIsTypedOrNothing() {
        shell.typed.add("yes");
        assertThat(force("--accept-loss")).isEqualTo(1);
        assertThat(shell.err())
                .contains(
                        "Type the cluster's name to promote master m-b by force",
                        "nothing was done: expected the cluster's name, found 'yes'");

        assertThat(force("--accept-loss")).isEqualTo(1);
        assertThat(shell.err()).contains("found nothing");
        assertThat(forced()).isEmpty();
    }

    @Test
    void asksAScriptForNothing() {
        assertThat(force("--accept-loss", "--yes", "-o", "json")).as(shell.err()).isZero();

        assertThat(shell.out())
                .startsWith("{")
                .contains("\"certificate\"", "\"acceptedLoss\"", "\"ballot\"");
        assertThat(forced()).hasSize(1);
    }

    @Test
    void signsNothingThatWasNotAskedFor() {
        propose(PROMOTION.toBuilder().addWrittenOff("us-1").build());
        assertThat(force("--accept-loss", "--yes")).isEqualTo(70);
        assertThat(shell.err())
                .contains("proposed to write off [m-a, eu-1, us-1]; nothing was signed");

        propose(PROMOTION.toBuilder().setMasterId("m-a").build());
        assertThat(force("--accept-loss", "--yes")).isEqualTo(70);
        assertThat(shell.err()).contains("proposed to promote master m-a; nothing was signed");

        b.answer(
                ProposeForcedPromotionRequest.class,
                _ ->
                        ProposeForcedPromotionResponse.newBuilder()
                                .setPromotion(ByteString.copyFromUtf8("\u0007no message"))
                                .build());
        assertThat(force("--accept-loss", "--yes")).isEqualTo(70);
        assertThat(forced()).isEmpty();
    }

    @Test
    void theOptionsOfForceNeedIt() {
        assertThat(shell.run("masters", "promote", "m-b", "--accept-loss")).isEqualTo(1);
        assertThat(shell.err()).contains("--force");
        assertThat(b.asked()).isEmpty();
    }
}
