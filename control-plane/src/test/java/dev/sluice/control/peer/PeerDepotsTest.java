package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.Depot;
import dev.sluice.control.depot.ImportResult;
import dev.sluice.control.depot.OtherDepots;
import dev.sluice.control.depot.PatchOffers;
import dev.sluice.control.depot.SignedPackages;
import dev.sluice.control.executor.ContentPatch;
import dev.sluice.control.fleet.LoopbackMaster;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.PackageName;
import dev.sluice.control.model.PackageRef;
import dev.sluice.control.model.Version;
import dev.sluice.transfer.pull.Source;
import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
    private final Offers offers = new Offers();

    private static final class Offers implements PatchOffers {
        private List<ContentPatch> patches = List.of();
        private Set<String> inMaking = Set.of();

        @Override
        public List<ContentPatch> patches(ContentId target) {
            return patches;
        }

        @Override
        public Set<String> inMaking(ContentId target) {
            return inMaking;
        }
    }

    private static String sha256(String pair) {
        return pair.repeat(32);
    }

    private static ContentPatch patch(long size, String base) {
        return new ContentPatch(
                new PackageRef(new PackageName("site"), Version.parse("25.0.9")),
                sha256(base),
                sha256("ab"),
                size,
                sha256("cd"));
    }

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
                                offers,
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
    @Tag("PKG-4")
    void saysWhichPatchesMakeItAndWhichWill() throws Exception {
        offers.patches = List.of(patch(2048, "01"), patch(4096, "02"));
        offers.inMaking = Set.of(sha256("03"));

        OtherDepots.Found found = find(id);

        PackageContent content =
                new PackageContent(
                        2048,
                        new Sha256(sha256("ab")),
                        PackageContent.LEAF_SIZE,
                        new Sha256(sha256("cd")));
        assertThat(found.patches())
                .hasSize(2)
                .first()
                .isEqualTo(new OtherDepots.Patch(sha256("01"), content, found.sources()));
        assertThat(found.basesInMaking()).containsExactly(sha256("03"));
    }

    @Test
    @Tag("REL-3")
    void anAnswerThatMakesNoSenseCountsNothing() throws Exception {
        offers.patches = List.of(patch(77, "01"));

        OtherDepots.Found found = find(id);

        assertThat(found.sources()).isEmpty();
        assertThat(found.patches()).isEmpty();
        assertThat(found.others().get(A)).startsWith("its answer makes no sense: content size 77");
    }

    @Test
    @Tag("REL-3")
    void anAnswerIsBounded() throws Exception {
        offers.patches = Collections.nCopies(1000, patch(2048, "01"));
        offers.inMaking =
                IntStream.range(0, 99)
                        .mapToObj(i -> "%064x".formatted(i))
                        .collect(Collectors.toSet());

        OtherDepots.Found found = find(id);

        assertThat(found.patches()).hasSize(1);
        assertThat(found.basesInMaking()).hasSize(DepotEndpoint.MAX_PATCHES);
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
