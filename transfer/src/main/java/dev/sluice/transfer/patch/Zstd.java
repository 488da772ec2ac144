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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
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
        decompress = binding.of("ZSTD_decompressDCtx", size, pointer, pointer, size, pointer, size);
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

    /** Undoes what a {@link Compressor} did, of input that may be hostile. To be closed. */
    final class Decompressor implements AutoCloseable {
        private final MemorySegment context;

        private Decompressor() {
            try {
                context = notNull((MemorySegment) createDecompressor.invokeExact());
            } catch (Throwable e) {
                throw broken(e);
            }
        }

        /**
         * Decompresses into a segment, of which never more is written than it has.
         *
         * @return how many bytes were written; empty when the input is none of zstd's, refers to
         *     what is not in the prefix, or gives more
         */
        Optional<Long> decompress(MemorySegment from, MemorySegment prefix, MemorySegment into) {
            try {
                var _ = checked((long) resetDecompressor.invokeExact(context, SESSION_ONLY));
                var _ =
                        checked(
                                (long)
                                        refDecompressorPrefix.invokeExact(
                                                context, prefix, prefix.byteSize()));
                long written =
                        (long)
                                decompress.invokeExact(
                                        context, into, into.byteSize(), from, from.byteSize());
                return isError(written) ? Optional.empty() : Optional.of(written);
            } catch (Throwable e) {
                throw broken(e);
            }
        }

        @Override
        public void close() {
            free(freeDecompressor, context);
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

    /** Memory outside of the heap, freed with the arena. */
    static MemorySegment memory(Arena arena, long bytes) {
        return arena.allocate(Math.max(1, bytes), 64);
    }
}
