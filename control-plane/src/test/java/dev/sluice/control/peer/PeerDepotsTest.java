package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.Depot;
import dev.sluice.control.depot.ImportResult;
import dev.sluice.control.depot.OtherDepots;
import dev.sluice.control.depot.SignedPackages;
import dev.sluice.control.fleet.LoopbackMaster;
import dev.sluice.control.model.NodeId;
import dev.sluice.transfer.pull.Source;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.DepotServiceGrpc;
import dev.sluice.v1.LocateRequest;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another master's depot over real gRPC and mutual TLS. */
@Tag("CLU-15")
final class PeerDepotsTest {

    private static final NodeId A = new NodeId("m-a");

    @TempDir private Path directory;
    @AutoClose private LoopbackMaster master;
    private ContentId id;

    @BeforeEach
    void setUp() throws Exception {
        SignedPackages packages = new SignedPackages(directory);
        Depot depot =
                Depot.open(
                        directory.resolve("depot"),
                        packages.signers(),
                        SignedPackages.CLOCK,
                        10_000_000);
        try (InputStream input = Files.newInputStream(packages.site("25.1.0", 1_000))) {
            id =
                    new ContentId(
                            ((ImportResult.Imported) depot.importPackage(input))
                                    .pkg()
                                    .contentSha256());
        }
        master =
                new LoopbackMaster(
                        new DepotEndpoint(
                                List.of(depot),
                                InetSocketAddress.createUnresolved("10.0.0.1", 7401)));
    }

    private OtherDepots.Found find(ContentId wanted) throws Exception {
        Channel channel = master.channel(PeerName.master("m-b"));
        return new PeerDepots(new TreeMap<>(Map.of(A, channel))).find(wanted);
    }

    @Test
    void saysWhereAContentCanBePulledFrom() throws Exception {
        assertThat(find(id).sources()).containsExactly(new Source("m-a", "10.0.0.1", 7401, 0));
    }

    @Test
    void saysWhatAMasterWithoutItAnswered() throws Exception {
        OtherDepots.Found found = find(new ContentId("0".repeat(64)));

        assertThat(found.sources()).isEmpty();
        assertThat(found.others()).containsOnlyKeys(A);
        assertThat(found.others().get(A)).startsWith("NOT_FOUND: content 000000");
    }

    @Test
    void aMasterThatIsGoneIsNamed() throws Exception {
        Channel channel = master.channel(PeerName.master("m-b"));
        master.close();

        OtherDepots.Found found = new PeerDepots(new TreeMap<>(Map.of(A, channel))).find(id);

        assertThat(found.sources()).isEmpty();
        assertThat(found.others().get(A)).startsWith("UNAVAILABLE");
    }

    @Test
    @Tag("SEC-1")
    void onlyMastersMayAsk() {
        assertThatThrownBy(() -> locateAs(PeerName.node("eu-1"), id.sha256()))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e ->
                                assertThat(e.getStatus().getCode())
                                        .isEqualTo(Status.Code.PERMISSION_DENIED));
    }

    @Test
    @Tag("REL-3")
    void aNameThatIsNoneIsRefused() {
        assertThatThrownBy(() -> locateAs(PeerName.master("m-b"), "../../etc"))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e ->
                                assertThat(e.getStatus().getCode())
                                        .isEqualTo(Status.Code.INVALID_ARGUMENT));
    }

    private void locateAs(PeerName peer, String sha256) throws Exception {
        var _ =
                DepotServiceGrpc.newBlockingStub(master.channel(peer))
                        .locate(LocateRequest.newBuilder().setContentSha256(sha256).build());
    }
}
