package dev.sluice.transfer.patch;

import dev.sluice.transfer.store.DiskSpace;
import dev.sluice.trust.packages.LeafHashing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A patch of random bytes that is made and applied, so that the code of patches is loaded and
 * compiled before the first one that matters: cold, one of 64 MiB costs half as much again.
 */
public final class PatchWarmUp {

    private static final int MIB = 1 << 20;

    /** Larger ones take more memory and compile nothing more. */
    private static final int MAX_MEBIBYTES = 8;

    /** Blocks of 128 KiB for the compiler to see that they are many. */
    private static final int MEBIBYTES_APPLIED = 32;

    private static final int CHANGED_BYTES = 64 << 10;
    private static final long CLOSE_SECONDS = 60;

    private PatchWarmUp() {}

    /**
     * Runs it to its end.
     *
     * @param directory where it leaves its files
     * @param mebibytes what is made of what, at most
     * @throws IOException when it did not come to its end; nothing depends on it
     */
    public static void run(Zstd zstd, Path directory, int mebibytes)
            throws IOException, InterruptedException {
        int size = Math.min(mebibytes, MAX_MEBIBYTES) * MIB;
        Random random = new Random(size);
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        Path base = Files.write(directory.resolve("patch-base"), bytes);
        byte[] changed = new byte[CHANGED_BYTES];
        random.nextBytes(changed);
        System.arraycopy(changed, 0, bytes, size / 3, changed.length);
        Path target = Files.write(directory.resolve("patch-target"), bytes);
        LeafHashing.Described from = LeafHashing.describe(base);
        LeafHashing.Described to = LeafHashing.describe(target);
        Path patch = directory.resolve("patch");
        PatchSource source = new PatchSource(base, 0, from.content());
        var _ =
                new PatchMaker(zstd)
                        .make(
                                source,
                                new PatchSource(target, 0, to.content()),
                                to.table(),
                                patch,
                                Long.MAX_VALUE);
        for (int applied = 0; applied < MEBIBYTES_APPLIED * MIB; applied += size) {
            Path into = Files.createDirectory(directory.resolve("patched-" + applied));
            apply(
                    PatchApply.open(
                            zstd, patch, source, into, to.content(), DiskSpace.system(), _ -> {}));
        }
    }

    private static void apply(PatchApply opened) throws IOException, InterruptedException {
        try (PatchApply apply = opened) {
            if (apply.run() instanceof PatchApply.Result.Refused(String reason)) {
                throw new IOException("the warm-up of patches: " + reason);
            }
        }
        try {
            opened.content().closed().get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the warm-up of patches did not end: " + e, e);
        }
    }
}
