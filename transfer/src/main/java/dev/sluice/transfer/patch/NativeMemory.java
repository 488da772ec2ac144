package dev.sluice.transfer.patch;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Large memory outside of the heap, from the system and back to it. An arena's own would be filled
 * with zeros twice, by the kernel and by the JDK. Huge pages are not asked for: a system that has
 * to make room for them, or has its own memory from another one, takes longer for them.
 */
final class NativeMemory {

    private static final Logger LOG = LoggerFactory.getLogger(NativeMemory.class);

    /** What is smaller is not worth a mapping. */
    private static final long LARGE_BYTES = 1 << 20;

    private static final long SMALL_ALIGNMENT = 64;

    // Of Linux's sys/mman.h.
    private static final int PROT_READ_WRITE = 1 | 2;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
    private static final long MAP_FAILED = -1;

    /** {@code MADV_WILLNEED}. */
    private static final int WILL_NEED = 3;

    private static final long PAGE_BYTES = 4096;

    private static final @Nullable NativeMemory INSTANCE = link();

    private final MethodHandle map;
    private final MethodHandle unmap;
    private final MethodHandle advise;
    private final MethodHandle lock;

    private NativeMemory(
            MethodHandle map, MethodHandle unmap, MethodHandle advise, MethodHandle lock) {
        this.map = map;
        this.unmap = unmap;
        this.advise = advise;
        this.lock = lock;
    }

    /** Memory that is given back with the arena. What is in it is not said. */
    static MemorySegment allocate(Arena arena, long bytes) {
        MemorySegment mapped =
                INSTANCE == null || bytes < LARGE_BYTES
                        ? MemorySegment.NULL
                        : INSTANCE.mapped(arena, bytes);
        return mapped.equals(MemorySegment.NULL)
                ? arena.allocate(Math.max(1, bytes), SMALL_ALIGNMENT)
                : mapped;
    }

    /**
     * Has all of a mapping in memory until it is unmapped; false: it could not be read, or the
     * process may not lock so much (RLIMIT_MEMLOCK).
     */
    static boolean lock(MemorySegment mapped) {
        return INSTANCE != null && INSTANCE.locked(mapped);
    }

    /** Has a mapping of a file read from the disk, not waited for; false: it will not be. */
    static boolean readAhead(MemorySegment mapped) {
        return INSTANCE != null && INSTANCE.willNeed(mapped);
    }

    @SuppressWarnings("restricted") // Every launcher allows native access; without it: no patches.
    private static @Nullable NativeMemory link() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return null;
        }
        try {
            Linker linker = Linker.nativeLinker();
            SymbolLookup library = linker.defaultLookup();
            return new NativeMemory(
                    linker.downcallHandle(
                            library.findOrThrow("mmap"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG)),
                    linker.downcallHandle(
                            library.findOrThrow("munmap"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_LONG)),
                    linker.downcallHandle(
                            library.findOrThrow("madvise"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT)),
                    linker.downcallHandle(
                            library.findOrThrow("mlock"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_LONG)));
        } catch (RuntimeException e) {
            LOG.info("mmap: not to be had, patches take longer: {}", e.toString());
            return null;
        }
    }

    /** {@code NULL}: the system gives none. */
    @SuppressWarnings("restricted") // It is as long as it was mapped.
    private MemorySegment mapped(Arena arena, long bytes) {
        long address;
        try {
            address =
                    (long)
                            map.invokeExact(
                                    MemorySegment.NULL,
                                    bytes,
                                    PROT_READ_WRITE,
                                    MAP_PRIVATE_ANONYMOUS,
                                    -1,
                                    0L);
        } catch (Throwable e) {
            throw new IllegalStateException("mmap cannot be called", e);
        }
        return address == MAP_FAILED
                ? MemorySegment.NULL
                : MemorySegment.ofAddress(address).reinterpret(bytes, arena, this::unmap);
    }

    private void unmap(MemorySegment mapped) {
        try {
            int _ = (int) unmap.invokeExact(mapped, mapped.byteSize());
        } catch (Throwable e) {
            throw new IllegalStateException("munmap cannot be called", e);
        }
    }

    private boolean locked(MemorySegment mapped) {
        try {
            return (int) lock.invokeExact(mapped, mapped.byteSize()) == 0;
        } catch (Throwable e) {
            throw new IllegalStateException("mlock cannot be called", e);
        }
    }

    private boolean willNeed(MemorySegment mapped) {
        long begin = mapped.address() & -PAGE_BYTES;
        long bytes = mapped.address() - begin + mapped.byteSize();
        try {
            return (int) advise.invokeExact(begin, bytes, WILL_NEED) == 0;
        } catch (Throwable e) {
            throw new IllegalStateException("madvise cannot be called", e);
        }
    }
}
