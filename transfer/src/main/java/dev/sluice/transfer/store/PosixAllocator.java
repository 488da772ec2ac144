package dev.sluice.transfer.store;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code posix_fallocate} of the C library. */
final class PosixAllocator {

    private static final Logger LOG = LoggerFactory.getLogger(PosixAllocator.class);
    private static final int O_RDWR = 2;
    private static final @Nullable PosixAllocator INSTANCE = link();

    private final MethodHandle open;
    private final MethodHandle fallocate;
    private final MethodHandle close;

    private PosixAllocator(MethodHandle open, MethodHandle fallocate, MethodHandle close) {
        this.open = open;
        this.fallocate = fallocate;
        this.close = close;
    }

    /** As {@link DiskSpace.Allocator} says. */
    static int allocate(Path file, long bytes) {
        return INSTANCE == null ? DiskSpace.Allocator.IMPOSSIBLE : INSTANCE.call(file, bytes);
    }

    /** Whether this platform has it. */
    static boolean isAvailable() {
        return INSTANCE != null;
    }

    @SuppressWarnings("restricted") // Every launcher allows native access; without it: zeros.
    private static @Nullable PosixAllocator link() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return null;
        }
        try {
            Linker linker = Linker.nativeLinker();
            SymbolLookup library = linker.defaultLookup();
            return new PosixAllocator(
                    linker.downcallHandle(
                            library.findOrThrow("open"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_INT),
                            Linker.Option.firstVariadicArg(2)),
                    linker.downcallHandle(
                            library.findOrThrow("posix_fallocate"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG)),
                    linker.downcallHandle(
                            library.findOrThrow("close"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)));
        } catch (RuntimeException e) {
            LOG.warn("posix_fallocate: not to be had, zeros are written instead: {}", e.toString());
            return null;
        }
    }

    private int call(Path file, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            int descriptor = (int) open.invokeExact(arena.allocateFrom(file.toString()), O_RDWR);
            if (descriptor < 0) {
                return DiskSpace.Allocator.IMPOSSIBLE;
            }
            try {
                return (int) fallocate.invokeExact(descriptor, 0L, bytes);
            } finally {
                int _ = (int) close.invokeExact(descriptor);
            }
        } catch (Throwable e) {
            throw new IllegalStateException("posix_fallocate cannot be called", e);
        }
    }
}
