package dev.sluice.control.fleet;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.sluice.control.depot.Depot;
import dev.sluice.control.depot.ImportResult;
import dev.sluice.control.depot.SignedPackages;
import dev.sluice.control.depot.StagedContents;
import dev.sluice.trust.packages.PackageHead;
import dev.sluice.trust.packages.PackageReader;
import dev.sluice.trust.pki.PeerName;
import dev.sluice.v1.PackageSourceServiceGrpc;
import dev.sluice.v1.ReadRequest;
import dev.sluice.v1.ReadResponse;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Contents of packages over real gRPC and mutual TLS. */
final class PackageSourceTest {

    private static final int PATIENCE_SECONDS = 20;

    @TempDir private Path directory;
    @AutoClose private final ExecutorService disk = Executors.newVirtualThreadPerTaskExecutor();
    @AutoClose private LoopbackMaster master;
    private Path staged;
    private String sha256 = "";
    private byte[] content = {};

    @BeforeEach
    void setUp() throws Exception {
        SignedPackages packages = new SignedPackages(directory);
        staged = directory.resolve("staged");
        Depot depot =
                Depot.open(
                        directory.resolve("depot"),
                        packages.signers(),
                        SignedPackages.CLOCK,
                        10_000_000);
        Path file = packages.site("25.1.0", 1_000_000);
        try (InputStream input = Files.newInputStream(file)) {
            sha256 = ((ImportResult.Imported) depot.importPackage(input)).pkg().contentSha256();
        }
        PackageHead head = PackageReader.open(file);
        byte[] all = Files.readAllBytes(file);
        content = Arrays.copyOfRange(all, (int) head.contentOffset(), all.length);
        master =
                new LoopbackMaster(
                        new PackageSourceEndpoint(
                                List.of(depot, new StagedContents(staged)), disk));
    }

    /** A reader that asks for one message when a test says so. */
    private static final class Reader implements ClientResponseObserver<ReadRequest, ReadResponse> {
        private final BlockingQueue<ByteString> chunks = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status> end = new CompletableFuture<>();
        private @Nullable ClientCallStreamObserver<ReadRequest> call;

        Reader(ManagedChannel channel, String sha256, long offset) {
            PackageSourceServiceGrpc.newStub(channel)
                    .read(
                            ReadRequest.newBuilder()
                                    .setContentSha256(sha256)
                                    .setOffset(offset)
                                    .build(),
                            this);
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ReadRequest> started) {
            call = started;
            started.disableAutoRequestWithInitial(0);
        }

        @Override
        public void onNext(ReadResponse response) {
            chunks.add(response.getData());
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end.complete(Status.OK);
        }

        void request(int messages) {
            requireNonNull(call).request(messages);
        }

        ByteString next() throws InterruptedException {
            request(1);
            ByteString chunk = chunks.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return requireNonNull(chunk, () -> "no next chunk; stream: " + end);
        }

        Status ends() throws Exception {
            request(Integer.MAX_VALUE);
            return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        byte[] all() throws Exception {
            assertThat(ends()).isEqualTo(Status.OK);
            return ByteString.copyFrom(chunks).toByteArray();
        }
    }

    private Reader read(String id, long offset) throws Exception {
        return new Reader(master.channel(PeerName.node("eu-3")), id, offset);
    }

    @Test
    @Tag("PKG-4")
    void anInterruptedTransferGoesOnFromItsOffset() throws Exception {
        assertThat(read(sha256, 0).all()).isEqualTo(content);
        assertThat(read(sha256, 300_001).all())
                .isEqualTo(Arrays.copyOfRange(content, 300_001, content.length));
        assertThat(read(sha256, content.length).all()).isEmpty();
    }

    @Test
    void chunksAreBounded() throws Exception {
        Reader reader = read(sha256, 0);
        assertThat(reader.ends()).isEqualTo(Status.OK);
        assertThat(reader.chunks)
                .allMatch(chunk -> chunk.size() <= PackageSourceEndpoint.CHUNK_BYTES);
    }

    @Test
    void whatTheOwnNodeHasStagedIsServedToo() throws Exception {
        String id = "cd".repeat(32);
        Files.createDirectories(staged.resolve(id));
        Files.writeString(staged.resolve(id).resolve("content"), "staged here");

        assertThat(read(id, 7).all()).asString().isEqualTo("here");
    }

    @Test
    @Tag("REL-3")
    void whatIsNotHereOrCannotBeIsRefusedWithTheReason() throws Exception {
        Status missing = read("cd".repeat(32), 0).ends();
        assertThat(missing.getCode()).isEqualTo(Status.Code.NOT_FOUND);
        Status path = read("../../etc/passwd", 0).ends();
        assertThat(path.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(path.getDescription()).contains("../../etc/passwd");
        Status beyond = read(sha256, content.length + 1L).ends();
        assertThat(beyond.getCode()).isEqualTo(Status.Code.OUT_OF_RANGE);
        assertThat(beyond.getDescription())
                .contains(
                        "offset %d, expected at most %d"
                                .formatted(content.length + 1, content.length));
        assertThat(read(sha256, -1).ends().getCode()).isEqualTo(Status.Code.OUT_OF_RANGE);
    }

    @Test
    void onlyNodesAndMastersAreServed() throws Exception {
        Status end = new Reader(master.channel(PeerName.operator("ann")), sha256, 0).ends();

        assertThat(end.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(new Reader(master.channel(PeerName.master("m-b")), sha256, 0).all())
                .isEqualTo(content);
    }

    @Test
    @Tag("REL-4")
    void aReaderThatReadsNothingHoldsOneTransferAndNoMore() throws Exception {
        String id = "ef".repeat(32);
        Files.createDirectories(staged.resolve(id));
        try (RandomAccessFile sparse =
                new RandomAccessFile(staged.resolve(id).resolve("content").toFile(), "rw")) {
            sparse.setLength(1L << 32);
        }
        ManagedChannel channel = master.channel(PeerName.node("eu-3"));
        List<Reader> stalled = new ArrayList<>();
        for (int i = 0; i < PackageSourceEndpoint.MAX_TRANSFERS_PER_PEER; i++) {
            Reader reader = new Reader(channel, id, 0);
            assertThat(reader.next().size()).isEqualTo(PackageSourceEndpoint.CHUNK_BYTES);
            stalled.add(reader);
        }

        Status refused = new Reader(channel, sha256, 0).ends();
        assertThat(refused.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(refused.getDescription()).contains("sluice://node/eu-3 has 4 transfers");
        assertThat(new Reader(master.channel(PeerName.node("eu-4")), sha256, 0).all())
                .isEqualTo(content);
        assertThat(stalled).allMatch(reader -> !reader.end.isDone());
    }
}
