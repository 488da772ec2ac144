package dev.sluice.transfer.patch;

import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.transfer.store.GrowingContent;
import dev.sluice.transfer.store.GrowingSpan;
import dev.sluice.transfer.store.Span;
import dev.sluice.trust.packages.LeafHashing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Prints what it costs to apply a patch in a process that has received contents, but applied none:
 * {@code make DIRECTORY} writes a base of 64 MiB of random bytes, a target of which 64 KiB differ,
 * and the patch; {@code apply DIRECTORY NAME ROUNDS} applies it, under DIRECTORY/NAME.
 */
final class PatchApplyCost {

    private static final int MIB = 1 << 20;
    private static final int CHANGED = 64 << 10;
    private static final int SIZE = 64 * MIB;

    private PatchApplyCost() {}

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[1]);
        if (args[0].equals("make")) {
            make(directory);
        } else {
            apply(directory, Path.of(args[2]), Integer.parseInt(args[3]));
        }
    }

    private static void make(Path directory) throws IOException {
        byte[] bytes = new byte[SIZE];
        Random random = new Random(1);
        random.nextBytes(bytes);
        Files.write(directory.resolve("base"), bytes);
        byte[] changed = new byte[CHANGED];
        random.nextBytes(changed);
        System.arraycopy(changed, 0, bytes, SIZE / 3, CHANGED);
        Files.write(directory.resolve("target"), bytes);
        LeafHashing.Described base = LeafHashing.describe(directory.resolve("base"));
        LeafHashing.Described target = LeafHashing.describe(directory.resolve("target"));
        Files.deleteIfExists(directory.resolve("patch"));
        var _ =
                new PatchMaker(Zstd.load().orElseThrow())
                        .make(
                                new PatchSource(directory.resolve("base"), 0, base.content()),
                                new PatchSource(directory.resolve("target"), 0, target.content()),
                                target.table(),
                                directory.resolve("patch"),
                                Long.MAX_VALUE);
    }

    private static void apply(Path directory, Path own, int rounds) throws Exception {
        Zstd zstd = Zstd.load().orElseThrow();
        Path base = own.resolve("base");
        LeafHashing.Described from = LeafHashing.describe(directory.resolve("base"));
        LeafHashing.Described to = LeafHashing.describe(directory.resolve("target"));
        Files.createDirectories(own);
        Files.deleteIfExists(base);
        Path received = Files.createTempDirectory(own, "received");
        receive(received, directory.resolve("base"), from);
        Files.move(received.resolve(GrowingContent.partName()), base);
        PatchWarmUp.run(zstd, Files.createTempDirectory(own, "warm-up"), 32);
        for (int round = 0; round < rounds; round++) {
            Path into = Files.createTempDirectory(own, "into");
            System.out.println("ready");
            if (System.in.read() < 0) {
                return;
            }
            long wall = System.nanoTime();
            long started = PatchCost.cpu();
            try (PatchApply apply =
                    PatchApply.open(
                            zstd,
                            directory.resolve("patch"),
                            new PatchSource(base, 0, from.content()),
                            into,
                            to.content(),
                            DiskSpace.system(),
                            _ -> {})) {
                Thread[] thread = new Thread[1];
                CompletableFuture<PatchApply.Result> done = new CompletableFuture<>();
                long[] threadCpu = new long[1];
                thread[0] =
                        Thread.ofPlatform()
                                .name("patch-apply")
                                .start(() -> {
                                    try {
                                        PatchApply.Result result = apply.run();
                                        threadCpu[0] =
                                                ManagementFactory.getThreadMXBean()
                                                        .getCurrentThreadCpuTime();
                                        done.complete(result);
                                    } catch (Throwable e) {
                                        done.completeExceptionally(e);
                                    }
                                });
                PatchApply.Result result = done.get();
                System.out.printf(
                        "%s: %.3f CPU s, %.3f of them the applying thread's, %.3f s%n",
                        result.getClass().getSimpleName(),
                        (PatchCost.cpu() - started) / 1e9,
                        threadCpu[0] / 1e9,
                        (System.nanoTime() - wall) / 1e9);
            }
        }
        System.out.println("end");
    }

    /** As it comes from the network, which compiles what a patch's bytes go through too. */
    private static void receive(Path into, Path file, LeafHashing.Described described)
            throws IOException, ExecutionException, InterruptedException {
        CompletableFuture<Void> table = new CompletableFuture<>();
        CompletableFuture<Void> complete = new CompletableFuture<>();
        GrowingContent content =
                GrowingContent.open(
                        into,
                        described.content(),
                        Span.whole(described.content()),
                        DiskSpace.system(),
                        new GrowingContent.Owner() {
                            @Override
                            public void tableVerified() {
                                table.complete(null);
                            }

                            @Override
                            public void wrongTable(GrowingSpan from, String reason) {
                                throw new IllegalStateException(reason);
                            }

                            @Override
                            public void advanced(long bytes) {}

                            @Override
                            public void spanComplete(GrowingSpan span) {}

                            @Override
                            public void wrongLeaf(GrowingSpan span, long offset) {
                                throw new IllegalStateException("leaf " + offset);
                            }

                            @Override
                            public void failed(IOException failure) {
                                complete.completeExceptionally(failure);
                            }

                            @Override
                            public void complete() {
                                complete.complete(null);
                            }
                        });
        try (content;
                FileChannel from = FileChannel.open(file, StandardOpenOption.READ)) {
            for (GrowingSpan span : content.spans()) {
                GrowingSpan.Feed feed = span.beginFeed();
                if (!content.hasTable()) {
                    feed.table(described.table().encoded());
                    table.get();
                }
                ByteBuffer piece = ByteBuffer.allocateDirect(16 << 10);
                while (from.position() < span.span().end()) {
                    long left = span.span().end() - from.position();
                    from.read(piece.clear().limit((int) Math.min(piece.capacity(), left)));
                    ByteBuf bytes = Unpooled.wrappedBuffer(piece.flip());
                    feed.awaitRoom();
                    feed.data(bytes, bytes.readableBytes());
                    span.share();
                }
            }
            complete.get();
        }
        content.closed().get();
    }
}
