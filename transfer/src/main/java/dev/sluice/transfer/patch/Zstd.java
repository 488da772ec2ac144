package dev.sluice.transfer.patch;

import io.airlift.compress.v3.zstd.ZstdNativeCompressor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The zstd library with prefixes, which Java's bindings of it leave out: bytes that both sides have
 * and that what is compressed may refer to. It is the libzstd that aircompressor carries, called by
 * the foreign function API.
 *
 * <p>Safe for use by many threads; each {@link Compressor} and {@link Decompressor} is for one.
 */
public final class Zstd {

    private static final Logger LOG = LoggerFactory.getLogger(Zstd.class);

    // ZSTD_cParameter of zstd.h.
    private static final int COMPRESSION_LEVEL = 100;
    private static final int WINDOW_LOG = 101;
    private static final int ENABLE_LONG_DISTANCE_MATCHING = 160;

    /** ZSTD_reset_session_only. */
    private static final int SESSION_ONLY = 1;

    /** ZSTD_d_stableOutBuffer: all output is in one buffer, and zstd needs none of its own. */
    private static final int STABLE_OUT_BUFFER = 1001;

    /** What frames of RFC 8878 begin with, little-endian; the library knows older ones too. */
    private static final int FRAME_MAGIC = 0xfd2fb528;

    private static final ValueLayout.OfInt MAGIC =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The first step takes what shows how long a frame's header is. */
    private static final int FIRST_STEP_BYTES = 5;

    /**
     * Higher ones take up to seven times as long and save nothing: what is common is found by the
     * matching over long distances.
     */
    private static final int LEVEL = 3;

    /** A window of 128 MiB: a segment and all of its base are in reach. */
    static final int WINDOW_BITS = 27;

    private final MethodHandle createCompressor;
    private final MethodHandle freeCompressor;
    private final MethodHandle setParameter;
    private final MethodHandle refCompressorPrefix;
    private final MethodHandle compress;
    private final MethodHandle createDecompressor;
    private final MethodHandle freeDecompressor;
    private final MethodHandle resetDecompressor;
    private final MethodHandle refDecompressorPrefix;
    private final MethodHandle setDecompressor;
    private final MethodHandle decompress;
    private final MethodHandle isError;
    private final MethodHandle errorName;
    private final MethodHandle bound;

    @SuppressWarnings("restricted") // Every launcher allows native access; without it: no patches.
    private Zstd(SymbolLookup library) {
        Linker linker = Linker.nativeLinker();
        MemoryLayout size = ValueLayout.JAVA_LONG;
        MemoryLayout pointer = ValueLayout.ADDRESS;
        MemoryLayout number = ValueLayout.JAVA_INT;
        Binding binding =
                (name, result, arguments) ->
                        linker.downcallHandle(
                                library.findOrThrow(name),
                                FunctionDescriptor.of(result, arguments));
        createCompressor = binding.of("ZSTD_createCCtx", pointer);
        freeCompressor = binding.of("ZSTD_freeCCtx", size, pointer);
        setParameter = binding.of("ZSTD_CCtx_setParameter", size, pointer, number, number);
        refCompressorPrefix = binding.of("ZSTD_CCtx_refPrefix", size, pointer, pointer, size);
        compress = binding.of("ZSTD_compress2", size, pointer, pointer, size, pointer, size);
        createDecompressor = binding.of("ZSTD_createDCtx", pointer);
        freeDecompressor = binding.of("ZSTD_freeDCtx", size, pointer);
        resetDecompressor = binding.of("ZSTD_DCtx_reset", size, pointer, number);
        refDecompressorPrefix = binding.of("ZSTD_DCtx_refPrefix", size, pointer, pointer, size);
        setDecompressor = binding.of("ZSTD_DCtx_setParameter", size, pointer, number, number);
        decompress = binding.of("ZSTD_decompressStream", size, pointer, pointer, pointer);
        isError = binding.of("ZSTD_isError", number, size);
        errorName = binding.of("ZSTD_getErrorName", pointer, size);
        bound = binding.of("ZSTD_compressBound", size, size);
    }

    private interface Binding {
        MethodHandle of(String name, MemoryLayout result, MemoryLayout... arguments);
    }

    /** The library; empty where it cannot be loaded, which is said in the log. */
    public static Optional<Zstd> load() {
        try {
            return Optional.of(new Zstd(library()));
        } catch (IOException | LinkageError | RuntimeException e) {
            LOG.warn(
                    "zstd: not to be had here, packages travel whole and not as differences: {}",
                    e.toString());
            return Optional.empty();
        }
    }

    /** Unpacks the library, and leaves no file behind: it stays mapped. */
    @SuppressWarnings("restricted") // As above.
    private static SymbolLookup library() throws IOException {
        String os = System.getProperty("os.name").equals("Linux") ? "linux" : "macos";
        String architecture = System.getProperty("os.arch").replace("x86_64", "amd64");
        String name =
                "/aircompressor/%s-%s/%s"
                        .formatted(os, architecture, System.mapLibraryName("zstd"));
        Path file = Files.createTempFile("sluice-", "-libzstd");
        try (InputStream packed = ZstdNativeCompressor.class.getResourceAsStream(name)) {
            if (packed == null) {
                throw new IOException("aircompressor has no " + name);
            }
            Files.copy(packed, file, StandardCopyOption.REPLACE_EXISTING);
            return SymbolLookup.libraryLookup(file, Arena.ofAuto());
        } finally {
            Files.deleteIfExists(file);
        }
    }

    Compressor compressor() {
        return new Compressor();
    }

    Decompressor decompressor() {
        return new Decompressor();
    }

    /** The most bytes that so many can become. */
    long compressBound(long bytes) {
        try {
            return (long) bound.invokeExact(bytes);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** Compresses with prefixes. To be closed. */
    final class Compressor implements AutoCloseable {
        private final MemorySegment context;

        private Compressor() {
            try {
                context = notNull((MemorySegment) createCompressor.invokeExact());
                set(COMPRESSION_LEVEL, LEVEL);
                set(WINDOW_LOG, WINDOW_BITS);
                set(ENABLE_LONG_DISTANCE_MATCHING, 1);
            } catch (Throwable e) {
                throw broken(e);
            }
        }

        private void set(int parameter, int value) throws Throwable {
            var _ = checked((long) setParameter.invokeExact(context, parameter, value));
        }

        /** Compresses to a frame; how long it is. */
        long compress(MemorySegment from, MemorySegment prefix, MemorySegment into) {
            try {
                var _ =
                        checked(
                                (long)
                                        refCompressorPrefix.invokeExact(
                                                context, prefix, prefix.byteSize()));
                return checked(
                        (long)
                                compress.invokeExact(
                                        context, into, into.byteSize(), from, from.byteSize()));
            } catch (Throwable e) {
                throw broken(e);
            }
        }

        @Override
        public void close() {
            free(freeCompressor, context);
        }
    }

    /**
     * Undoes what a {@link Compressor} did, of input that may be hostile, block by block: what was
     * just made is in the processor's cache for whoever takes it. To be closed.
     */
    final class Decompressor implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();

        private final ZstdBuffer out = ZstdBuffer.in(arena);
        private final ZstdBuffer in = ZstdBuffer.in(arena);
        private final MemorySegment context;

        private boolean atBegin = true;

        /** Bytes that the next step is to take; 0: the frame has ended. */
        private long wanted;

        private Decompressor() {
            try {
                context = notNull((MemorySegment) createDecompressor.invokeExact());
                var _ = checked((long) setDecompressor.invokeExact(context, STABLE_OUT_BUFFER, 1));
            } catch (Throwable e) {
                throw broken(e);
            }
        }

        /**
         * Begins a frame.
         *
         * @param into never more is written than it has; it may be referred to until the end
         */
        void begin(MemorySegment prefix, MemorySegment into) {
            try {
                var _ = checked((long) resetDecompressor.invokeExact(context, SESSION_ONLY));
                var _ =
                        checked(
                                (long)
                                        refDecompressorPrefix.invokeExact(
                                                context, prefix, prefix.byteSize()));
            } catch (Throwable e) {
                throw broken(e);
            }
            out.set(into);
            wanted = FIRST_STEP_BYTES;
            atBegin = true;
        }

        /** Whether the frame is whole. */
        boolean hasEnded() {
            return wanted == 0;
        }

        /** How many bytes the frame has made. */
        long made() {
            return out.position();
        }

        /**
         * Goes on by a block at most.
         *
         * @param from the next bytes of the frame, not empty; the first time four or more
         * @return how many of them were taken; empty when they are none of zstd's, refer to what is
         *     not in the prefix, or give more than there is room for
         */
        OptionalLong decompress(MemorySegment from) {
            if (atBegin && !isFrame(from)) {
                return OptionalLong.empty();
            }
            atBegin = false;
            in.set(from.asSlice(0, Math.min(wanted, from.byteSize())));
            try {
                long result = (long) decompress.invokeExact(context, out.memory(), in.memory());
                if (isError(result)) {
                    return OptionalLong.empty();
                }
                wanted = result;
                return OptionalLong.of(in.position());
            } catch (Throwable e) {
                throw broken(e);
            }
        }

        private static boolean isFrame(MemorySegment from) {
            return from.byteSize() >= Integer.BYTES && from.get(MAGIC, 0) == FRAME_MAGIC;
        }

        @Override
        public void close() {
            free(freeDecompressor, context);
            arena.close();
        }
    }

    private static MemorySegment notNull(MemorySegment context) {
        if (context.equals(MemorySegment.NULL)) {
            throw new IllegalStateException("zstd: no memory for a context");
        }
        return context;
    }

    private static void free(MethodHandle function, MemorySegment context) {
        try {
            var _ = (long) function.invokeExact(context);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    private boolean isError(long result) throws Throwable {
        return (int) isError.invokeExact(result) != 0;
    }

    @SuppressWarnings("restricted") // The name is a C string of the library's own.
    private long checked(long result) throws Throwable {
        if (isError(result)) {
            MemorySegment name = (MemorySegment) errorName.invokeExact(result);
            throw new IllegalStateException("zstd: " + name.reinterpret(256).getString(0));
        }
        return result;
    }

    private static IllegalStateException broken(Throwable e) {
        return e instanceof IllegalStateException said
                ? said
                : new IllegalStateException("zstd cannot be called", e);
    }
}
