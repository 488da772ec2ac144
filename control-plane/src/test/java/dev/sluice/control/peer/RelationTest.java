package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.sluice.control.codec.RecordWire;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.records.RecordRun;
import dev.sluice.control.records.Records;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.ChallengeRequest;
import dev.sluice.v1.ProveRequest;
import dev.sluice.v1.RelationCheck;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Masters m-a and m-b over mutual TLS on loopback; m-c is a master of the cluster that they don't
 * mean.
 */
final class RelationTest {

    private static final NodeId A = new NodeId("m-a");
    private static final NodeId B = new NodeId("m-b");
    private static final InetSocketAddress NOWHERE =
            InetSocketAddress.createUnresolved("no-such-host.invalid", 7001);

    @AutoClose private final RelatedMaster a;
    @AutoClose private final RelatedMaster b;
    @AutoClose private final RelatedMaster c;
    private final RelationKey key;
    private final RelationKey other;

    RelationTest(@TempDir Path directory) throws Exception {
        this.a = RelatedMaster.master("m-a");
        this.b = RelatedMaster.master("m-b");
        this.c = RelatedMaster.master("m-c");
        this.key = key(directory.resolve("key"), "s".repeat(32) + "\n");
        this.other = key(directory.resolve("other"), "t".repeat(32) + "\n");
    }

    private static RelationKey key(Path file, String secret) throws IOException {
        Files.writeString(file, secret);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return RelationKey.read(file);
    }

    @BeforeEach
    void pair() throws Exception {
        a.relate(key, a.address(), Map.of(B, b.address()));
        b.relate(key, b.address(), Map.of(A, a.address()));
    }

    /** A port where nobody listens: it was free a moment ago. */
    private static InetSocketAddress closed() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.getLocalPort());
        }
    }

    private static String found(RelatedMaster by, String outcome) {
        return by.allChecks().stream()
                .filter(check -> check.getOutcome().name().equals("OUTCOME_" + outcome))
                .map(RelationCheck::getFound)
                .findFirst()
                .orElse("no such outcome");
    }

    /** Something that talks, but no TLS. */
    private static final class Chatter implements AutoCloseable {
        private final ServerSocket socket =
                new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final Thread thread = Thread.ofVirtual().start(this::chat);

        Chatter() throws IOException {}

        private void chat() {
            while (!socket.isClosed()) {
                try (var client = socket.accept()) {
                    client.getOutputStream()
                            .write(
                                    "220 mail ready\r\n"
                                            .repeat(20)
                                            .getBytes(StandardCharsets.US_ASCII));
                    client.getOutputStream().flush();
                    var _ = client.getInputStream().readNBytes(1);
                } catch (IOException _) {
                    // The next one, or the end.
                }
            }
        }

        InetSocketAddress address() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.getLocalPort());
        }

        @Override
        public void close() throws IOException {
            socket.close();
            try {
                thread.join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    @Tag("PAIR-3")
    void bothHaveTheKeyAndFindEachOther() {
        assertThat(a.checks())
                .containsExactly(
                        "m-a sees m-b: GOOD", "m-a sees m-b, key: GOOD", "m-b sees m-a: GOOD");
        assertThat(b.checks())
                .containsExactly(
                        "m-b sees m-a: GOOD", "m-b sees m-a, key: GOOD", "m-a sees m-b: GOOD");
    }

    @Test
    @Tag("PAIR-3")
    void anotherKeyIsToldApartFromAWrongAddress() throws Exception {
        b.relate(other, b.address(), Map.of(A, a.address()));

        assertThat(a.checks())
                .containsExactly(
                        "m-a sees m-b: GOOD",
                        "m-a sees m-b, key: KEY_DIFFERS",
                        "m-b sees m-a: GOOD");
        assertThat(found(a, "KEY_DIFFERS"))
                .isEqualTo("master m-b has another key: interApplianceKeyFile differs");
    }

    @Test
    @Tag("PAIR-3")
    void theOthersAddressMayHaveNoHost() throws Exception {
        a.relate(key, a.address(), Map.of(B, NOWHERE));

        assertThat(a.checks())
                .containsExactly(
                        "m-a sees m-b: HOST_UNRESOLVABLE", "m-a sees m-b, key: NOT_CHECKED");
        assertThat(found(a, "HOST_UNRESOLVABLE"))
                .isEqualTo("host \"no-such-host.invalid\" has no address by name");
        assertThat(b.checks())
                .containsExactly(
                        "m-b sees m-a: GOOD",
                        "m-b sees m-a, key: GOOD",
                        "m-a sees m-b: HOST_UNRESOLVABLE",
                        "m-a sees m-b: GOOD");
    }

    @Test
    @Tag("PAIR-3")
    void theOthersPortMayBeClosed() throws Exception {
        a.relate(key, a.address(), Map.of(B, closed()));

        assertThat(a.checks())
                .containsExactly("m-a sees m-b: PORT_CLOSED", "m-a sees m-b, key: NOT_CHECKED");
        assertThat(found(a, "PORT_CLOSED"))
                .isEqualTo("nothing takes connections there: Connection refused");
        assertThat(b.checks()).contains("m-a sees m-b: PORT_CLOSED");
    }

    @Test
    @Tag("PAIR-3")
    void anotherProgramMayListenThere() throws Exception {
        try (Chatter chatter = new Chatter();
                RelatedMaster stranger =
                        new RelatedMaster(
                                RelatedMaster.authority("other"), PeerName.master("m-b"))) {
            a.relate(key, a.address(), Map.of(B, chatter.address()));
            assertThat(a.checks())
                    .containsExactly(
                            "m-a sees m-b: OTHER_PROGRAM", "m-a sees m-b, key: NOT_CHECKED");
            assertThat(found(a, "OTHER_PROGRAM"))
                    .startsWith(
                            "what listens there is no master of this cluster: it speaks no TLS 1.3: ");
            assertThat(b.checks()).contains("m-a sees m-b: OTHER_PROGRAM");

            a.relate(key, a.address(), Map.of(B, stranger.address()));
            assertThat(found(a, "OTHER_PROGRAM"))
                    .contains("expected a certificate issued by CN=test");
        }
    }

    @Test
    @Tag("PAIR-3")
    void anotherMasterMayAnswerThere() throws Exception {
        a.relate(key, a.address(), Map.of(B, c.address()));

        assertThat(a.checks())
                .containsExactly("m-a sees m-b: OTHER_MASTER", "m-a sees m-b, key: NOT_CHECKED");
        assertThat(found(a, "OTHER_MASTER"))
                .isEqualTo(
                        "expected master m-b, found sluice://master/m-c: the address is another's");
        assertThat(b.checks()).contains("m-a sees m-b: OTHER_MASTER");
        a.relate(key, a.address(), Map.of(B, a.address()));
        assertThat(found(a, "OTHER_MASTER")).contains("sluice://master/m-a");
        try (RelatedMaster node = RelatedMaster.node("eu-1")) {
            a.relate(key, a.address(), Map.of(B, node.address()));
            assertThat(found(a, "OTHER_MASTER")).contains("sluice://node/eu-1");
        }
    }

    @Test
    @Tag("PAIR-3")
    void theAddressThatAMasterTellsIsDialledToo() throws Exception {
        a.relate(key, closed(), Map.of(B, b.address()));

        assertThat(a.checks())
                .containsExactly(
                        "m-a sees m-b: GOOD",
                        "m-a sees m-b, key: GOOD",
                        "m-b sees m-a: GOOD",
                        "m-b sees m-a: PORT_CLOSED");
        assertThat(b.checks())
                .containsExactly(
                        "m-b sees m-a: GOOD",
                        "m-b sees m-a, key: GOOD",
                        "m-a sees m-b: GOOD",
                        "m-b sees m-a: PORT_CLOSED");
        a.relate(key, NOWHERE, Map.of(B, b.address()));
        assertThat(b.checks()).contains("m-b sees m-a: HOST_UNRESOLVABLE");
        a.relate(key, c.address(), Map.of(B, b.address()));
        assertThat(b.checks()).contains("m-b sees m-a: OTHER_MASTER");
    }

    @Test
    @Tag("PAIR-3")
    void followsNobodyBeforeTheKeyIsProved() throws Exception {
        StatusRuntimeException unproven =
                catchThrowableOfType(
                        StatusRuntimeException.class,
                        () ->
                                dev.sluice.v1.ReplicationServiceGrpc.newBlockingStub(b.bare(a))
                                        .getPosition(
                                                dev.sluice.v1.GetPositionRequest
                                                        .getDefaultInstance()));
        assertThat(unproven.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(unproven.getStatus().getDescription())
                .isEqualTo(
                        "master m-b: has not proved to this process of master m-a that it has the key");

        assertThat(b.positionAt(A).getLastIndex()).isEqualTo(42);

        b.relate(other, b.address(), Map.of(A, a.address()));
        StatusRuntimeException differs =
                catchThrowableOfType(StatusRuntimeException.class, () -> b.positionAt(A));
        assertThat(differs.getStatus().getDescription())
                .isEqualTo(
                        "master m-a has another key than master m-b: interApplianceKeyFile differs");
        assertThat(
                        catchThrowableOfType(
                                        StatusRuntimeException.class,
                                        () ->
                                                dev.sluice.v1.ReplicationServiceGrpc
                                                        .newBlockingStub(b.bare(a))
                                                        .getPosition(
                                                                dev.sluice.v1.GetPositionRequest
                                                                        .getDefaultInstance()))
                                .getStatus()
                                .getCode())
                .isEqualTo(Status.Code.FAILED_PRECONDITION);
    }

    @Test
    @Tag("PAIR-3")
    void provesTheKeyAnewToANewProcess() {
        assertThat(b.positionAt(A).getLastIndex()).isEqualTo(42);
        a.serveAnew();

        assertThat(
                        catchThrowableOfType(StatusRuntimeException.class, () -> b.positionAt(A))
                                .getStatus()
                                .getCode())
                .isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(b.positionAt(A).getLastIndex()).isEqualTo(42);
    }

    @Test
    @Tag("SEC-1")
    void challengesOnlyTheMastersOfTheConfigurationAndEachNonceIsGoodOnce() throws Exception {
        try (RelatedMaster node = RelatedMaster.node("eu-1")) {
            for (RelatedMaster stranger : List.of(node, c)) {
                var stub = stranger.relationOf(a);
                assertThat(
                                catchThrowableOfType(
                                                StatusRuntimeException.class,
                                                () ->
                                                        stub.challenge(
                                                                ChallengeRequest
                                                                        .getDefaultInstance()))
                                        .getStatus()
                                        .getCode())
                        .isEqualTo(Status.Code.PERMISSION_DENIED);
            }
        }
        var stub = b.relationOf(a);
        ByteString nonce = stub.challenge(ChallengeRequest.getDefaultInstance()).getNonce();
        ProveRequest guess =
                ProveRequest.newBuilder()
                        .setNonce(nonce)
                        .setOwnNonce(ByteString.copyFrom(new byte[32]))
                        .setProof(ByteString.copyFrom(new byte[32]))
                        .build();
        var answer = stub.prove(guess);
        assertThat(answer.getSameKey()).isFalse();
        assertThat(answer.getProof()).isEmpty();
        assertThat(answer.getAddress()).isEmpty();
        assertThat(
                        catchThrowableOfType(StatusRuntimeException.class, () -> stub.prove(guess))
                                .getStatus()
                                .getCode())
                .isEqualTo(Status.Code.FAILED_PRECONDITION);
    }

    @Test
    @Tag("PAIR-3")
    void sessionRecordsAreGivenToAMasterThatProvedTheKeyAlone() throws Exception {
        RecordRun run = Records.run(Records.spool("eu-1"), 1, 3);
        var _ = b.records.store(List.of(run)).get(20, TimeUnit.SECONDS);

        StatusRuntimeException unproven =
                catchThrowableOfType(
                        StatusRuntimeException.class, () -> RelatedMaster.pull(a.bare(b)));
        assertThat(unproven.getStatus().getDescription()).contains("m-a: has not proved");
        assertThat(a.pullFrom(B).getRunsList()).containsExactly(RecordWire.encode(run));

        a.relate(other, a.address(), Map.of(B, b.address()));
        b.serveAnew();
        StatusRuntimeException differs =
                catchThrowableOfType(StatusRuntimeException.class, () -> a.pullFrom(B));
        assertThat(differs.getStatus().getDescription()).contains("interApplianceKeyFile differs");
    }
}
