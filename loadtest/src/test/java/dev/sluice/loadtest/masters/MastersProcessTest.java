package dev.sluice.loadtest.masters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.sluice.loadtest.testbed.Cli;
import dev.sluice.trust.x509.EcKeys;
import dev.sluice.trust.x509.PemFiles;
import dev.sluice.v1.ForcePromotionRequest;
import dev.sluice.v1.WatchEventsResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Real masters, agents and sites, and the command line as a process: promotion that is asked for,
 * promotion by force, and the check of the masters' relation. Every test begins with a whole
 * cluster, whoever is primary, and leaves one.
 */
final class MastersProcessTest {

    /** What the master says that knows, or does not know, that it was left out. */
    private static final String LOSS =
            "what it decided alone since is lost|decisions after entry [0-9]+, .* that master m-. acknowledged";

    @TempDir static Path folder;
    private static TwoMasters cluster;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        cluster = TwoMasters.start(folder.resolve("cluster"));
    }

    @AfterEach
    void bringBack() throws IOException {
        cluster.powerOnAll();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    @Tag("REL-2")
    void theBackupIsPrimaryWhenAskedForAndHasWhatTheOldPrimaryAcknowledged()
            throws IOException, InterruptedException {
        String before = cluster.awaitWhole();
        String next = cluster.other(before);
        cluster.decide(before, "before-" + next);

        Cli.Run promoted = cluster.sluice("masters", "promote", next);

        assertThat(promoted.status()).as(promoted.err()).isZero();
        assertThat(promoted.out())
                .startsWith("Master %s is primary, ballot ".formatted(next))
                .contains("master %s handed over.".formatted(before));
        assertThat(cluster.summaries(next)).contains(TwoMasters.decision("before-" + next));
        assertThat(cluster.awaitWhole()).isEqualTo(next);
        assertThat(
                        catchThrowableOfType(
                                        StatusRuntimeException.class,
                                        () -> cluster.decide(before, "after-" + next))
                                .getStatus()
                                .getCode())
                .isEqualTo(Status.Code.FAILED_PRECONDITION);
    }

    @Test
    @Tag("CLU-7")
    @Tag("REL-1")
    @Tag("REL-2")
    void aMasterIsForcedWhereNoMajorityIsLeftAndTheOldPrimaryCommandsNobodyWhenItComesBack()
            throws IOException, InterruptedException, GeneralSecurityException {
        String old = cluster.awaitWhole();
        String left = cluster.other(old);
        String lost = cluster.trafficWitness(old);
        String reached = cluster.otherNode(lost);

        cluster.powerOff(left);
        cluster.await(left + " to be left out", () -> !cluster.isInSync(old, left));
        cluster.decide(old, "alone");
        cluster.powerOff(old);
        cluster.powerOff(lost);
        cluster.powerOn(left);
        cluster.await(
                "the agents that are left",
                () ->
                        cluster.node(left, left).getConnected()
                                && cluster.node(left, reached).getConnected());

        refusesWithoutAQuorumAndWithoutNaming(left, old);
        String generation = showsWhatMayBeLost(left, old, lost);
        JsonNode used = forces(left, old, lost);
        assertThat(used.at("/ballot/generation").asString()).isEqualTo(generation);

        commands(left, reached);
        assertThat(cluster.summaries(left)).doesNotContain(TwoMasters.decision("alone"));
        assertThat(refusal(left, used)).contains("was used already, in generation " + generation);

        int saidBefore = cluster.testbed().serviceLog(old).size();
        cluster.powerOn(old);
        cluster.await(old + " to follow again", () -> cluster.isInSync(left, old));
        List<String> said = cluster.testbed().serviceLog(old);
        assertThat(said.subList(saidBefore, said.size()))
                .noneMatch(line -> line.contains("is primary under ballot"))
                .noneMatch(line -> line.contains("leading under ballot"));
        assertThat(archive(old)).isNotEmpty();
        assertThat(cluster.summaries(old))
                .contains(TwoMasters.decision("forced-" + left))
                .doesNotContain(TwoMasters.decision("alone"));
        assertThat(refusal(old, used))
                .contains("is for master %s, and this is master %s".formatted(left, old));

        cluster.powerOn(lost);
        cluster.admit(left, reached, true);
        assertThat(cluster.awaitWhole()).isEqualTo(left);
    }

    private static void refusesWithoutAQuorumAndWithoutNaming(String left, String old)
            throws IOException, InterruptedException {
        Cli.Run asked = cluster.sluice("masters", "promote", left, "--timeout", "PT4S");
        assertThat(asked.status()).isNotZero();
        assertThat(asked.err())
                .as("%s", cluster.list(left))
                .contains("no quorum of witnesses answered");

        Cli.Run unnamed = cluster.sluice("masters", "promote", left, "--force");
        assertThat(unnamed.status()).isEqualTo(2);
        assertThat(unnamed.err())
                .contains(
                        "master %s: may have decisions that master %s has not"
                                .formatted(old, left));
    }

    /** Returns the generation that is proposed. */
    private static String showsWhatMayBeLost(String left, String old, String lost)
            throws IOException, InterruptedException {
        Cli.Run shown =
                cluster.sluice(
                        "masters", "promote", left, "--force", "--write-off", old + "," + lost);

        assertThat(shown.status()).isEqualTo(1);
        assertThat(shown.err()).contains("nothing was done: expected --accept-loss");
        assertThat(line(shown.out(), "may be lost")).containsPattern(LOSS);
        assertThat(line(shown.out(), "masters not reached")).contains(old);
        assertThat(line(shown.out(), "nodes not reached")).contains(old).contains(lost);
        assertThat(line(shown.out(), "written off")).contains(old).contains(lost);
        assertThat(cluster.list(left).getStanding()).isNotEqualTo("PRIMARY");
        return line(shown.out(), "generation").replaceFirst("generation +", "").strip();
    }

    private static String line(String text, String name) {
        return text.lines().filter(l -> l.startsWith(name)).findFirst().orElse("no line " + name);
    }

    /** Returns the document of the command that did it. */
    private static JsonNode forces(String left, String old, String lost)
            throws IOException, InterruptedException {
        Cli.Run forced =
                cluster.sluice(
                        "masters",
                        "promote",
                        left,
                        "--force",
                        "--write-off",
                        old + "," + lost,
                        "--accept-loss",
                        "--yes",
                        "--output",
                        "json");
        assertThat(forced.status()).as(forced.err()).isZero();
        assertThat(forced.err()).containsPattern(LOSS);
        return JsonMapper.builder().build().readTree(forced.out());
    }

    private static void commands(String left, String reached)
            throws IOException, InterruptedException {
        cluster.await(
                "the nodes to obey " + left,
                () ->
                        cluster.node(left, left).getFenced()
                                && cluster.node(left, reached).getFenced());
        cluster.decide(left, "forced-" + left);
        cluster.admit(left, reached, false);
        cluster.await(
                reached + " to do what it is told",
                () -> !cluster.node(left, reached).getAccepting());
        WatchEventsResponse used =
                cluster.events(left).stream()
                        .filter(e -> e.getType().equals("ForcedPromotionUsed"))
                        .toList()
                        .getLast();
        assertThat(used.getActor()).isEqualTo("demo");
    }

    /** Sends the certificate once more, and returns why it is refused. */
    private static String refusal(String master, JsonNode used)
            throws IOException, GeneralSecurityException {
        byte[] promotion = HexFormat.of().parseHex(used.at("/proposal/promotion").asString());
        Path operator = cluster.testbed().layout().identity("operator");
        Signature signature = Signature.getInstance(EcKeys.SIGNATURE_ALGORITHM);
        signature.initSign(PemFiles.readPrivateKey(operator.resolve("key.pem")));
        signature.update(promotion);
        ForcePromotionRequest.Builder request =
                ForcePromotionRequest.newBuilder()
                        .setPromotion(ByteString.copyFrom(promotion))
                        .setSignature(ByteString.copyFrom(signature.sign()));
        for (X509Certificate certificate :
                PemFiles.readCertificates(operator.resolve("cert.pem"))) {
            request.addCertificateChain(ByteString.copyFrom(certificate.getEncoded()));
        }
        StatusRuntimeException refused =
                catchThrowableOfType(
                        StatusRuntimeException.class,
                        () ->
                                cluster.at(master)
                                        .calls(Duration.ofSeconds(10))
                                        .forcePromotion(request.build()));
        assertThat(refused).as("the certificate at master " + master).isNotNull();
        assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        return String.valueOf(refused.getStatus().getDescription());
    }

    private static List<Path> archive(String master) throws IOException {
        Path archive = cluster.testbed().layout().archive(master);
        try (Stream<Path> files = Files.walk(archive)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    @Tag("PAIR-3")
    void theCheckIsGoodWhereKeysAndAddressesAreRight() throws IOException, InterruptedException {
        String primary = cluster.awaitWhole();
        String backup = cluster.other(primary);

        Cli.Run check = cluster.sluice("masters", "check");

        assertThat(check.status()).as(check.out() + check.err()).isZero();
        assertThat(check.out()).contains(primary).contains(backup).contains("key");
        assertThat(check.out().lines().skip(1)).allMatch(l -> l.contains(" good "));
    }

    @Test
    @Tag("PAIR-3")
    void theCheckNamesAnotherKeyAnotherMasterAndAClosedPortEachAsItIs()
            throws IOException, InterruptedException {
        String primary = cluster.awaitWhole();
        String backup = cluster.other(primary);
        String key = cluster.testbed().layout().relationKey().toString();
        Path otherKey = folder.resolve("other.key");
        Files.writeString(otherKey, "00".repeat(32) + "\n");
        Files.setPosixFilePermissions(otherKey, PosixFilePermissions.fromString("rw-------"));

        assertThat(checkWith(backup, key, otherKey.toString()))
                .contains("KEY DIFFERS")
                .contains("interApplianceKeyFile differs");

        String right = address(primary);
        assertThat(checkWith(backup, right, address(backup))).contains("ANOTHER MASTER");
        assertThat(checkWith(backup, right, "address: \"127.0.0.1:1\"")).contains("PORT CLOSED");
    }

    private static String address(String master) {
        return cluster.testbed().layout().masters().stream()
                .filter(m -> m.id().equals(master))
                .map(m -> "address: \"127.0.0.1:%d\"".formatted(m.apiPort()))
                .findFirst()
                .orElseThrow();
    }

    /** Checks with something wrong in a backup's configuration, and puts it right again. */
    private static String checkWith(String backup, String right, String wrong)
            throws IOException, InterruptedException {
        cluster.testbed().reconfigure(backup, right, wrong);
        cluster.await(
                backup + " to answer", () -> cluster.list(backup).getAnsweredBy().equals(backup));
        Cli.Run check = cluster.sluice("masters", "check");
        assertThat(check.status()).as(check.out() + check.err()).isEqualTo(2);
        cluster.testbed().reconfigure(backup, wrong, right);
        assertThat(cluster.awaitWhole()).isNotEqualTo(backup);
        return check.out();
    }
}
