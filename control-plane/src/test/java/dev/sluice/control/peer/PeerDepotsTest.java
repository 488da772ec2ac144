package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.depot.ContentId;
import dev.sluice.control.depot.Depot;
import dev.sluice.control.depot.ImportResult;
import dev.sluice.control.depot.SignedPackages;
import dev.sluice.control.fleet.LoopbackMaster;
import dev.sluice.control.fleet.PackageSourceEndpoint;
import dev.sluice.control.model.NodeId;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.pki.PeerName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another master's depot over real gRPC and mutual TLS. */
@Tag("CLU-15")
final class PeerDepotsTest {

    private static final NodeId A = new NodeId("m-a");

    /** More than HTTP/2 has under way (1 MiB) while the reader reads nothing. */
    private static final int CONTENT_BYTES = 4_000_000;

    @TempDir private Path directory;
    @AutoClose private final ExecutorService disk = Executors.newVirtualThreadPerTaskExecutor();

    @AutoClose
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

    @AutoClose private LoopbackMaster master;
    private PeerDepots depots;
    private ContentId id;
    private byte[] content = {};

    @BeforeEach
    void setUp() throws Exception {
        SignedPackages packages = new SignedPackages(directory);
        Depot depot =
                Depot.open(
                        directory.resolve("depot"),
                        packages.signers(),
                        SignedPackages.CLOCK,
                        10_000_000);
        Path file = packages.site("25.1.0", CONTENT_BYTES);
        try (InputStream input = Files.newInputStream(file)) {
            id =
                    new ContentId(
                            ((ImportResult.Imported) depot.importPackage(input))
                                    .pkg()
                                    .contentSha256());
        }
        PackageHead head = PackageReader.open(file);
        byte[] all = Files.readAllBytes(file);
        content = Arrays.copyOfRange(all, (int) head.contentOffset(), all.length);
        master = new LoopbackMaster(new PackageSourceEndpoint(List.of(depot), disk));
        depots =
                new PeerDepots(
                        new TreeMap<>(Map.of(A, master.channel(PeerName.master("m-b")))), timer);
    }

    @Test
    void readsAContentFromAnOffsetOn() throws IOException {
        try (InputStream rest = depots.open(A, id, 400_000)) {
            assertThat(rest.readAllBytes())
                    .isEqualTo(Arrays.copyOfRange(content, 400_000, content.length));
        }
    }

    @Test
    void saysWhatTheOtherMasterAnswered() {
        assertThatThrownBy(
                        () -> {
                            try (InputStream none =
                                    depots.open(A, new ContentId("0".repeat(64)), 0)) {
                                none.readAllBytes();
                            }
                        })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("NOT_FOUND");
        assertThatThrownBy(() -> depots.open(new NodeId("m-x"), id, 0))
                .hasMessage("master m-x is not configured here");
    }

    @Test
    void breaksWhenTheOtherMasterIsGone() throws Exception {
        try (InputStream rest = depots.open(A, id, 0)) {
            byte[] first = new byte[10];
            assertThat(rest.readNBytes(first, 0, 10)).isEqualTo(10);
            master.close();
            assertThatThrownBy(rest::readAllBytes)
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("UNAVAILABLE");
        }
    }
}
