package dev.sluice.transfer.patch;

import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads a patch, which may be hostile: every length is checked before it counts, and memory is
 * taken for a segment and its base alone. What it gives is not verified, and comes before it is
 * known whether the rest of the segment can be read. For one thread.
 */
final class PatchReader implements AutoCloseable {

    /** Compressed bytes that are read at once: some blocks. */
    private static final int READ_BYTES = 128 << 10;

    private final Path file;
    private final PackageContent target;
    private final PatchFormat.Header header;
    private final FileChannel patch;
    private final FileChannel from;
    private final Arena arena = Arena.ofConfined();
    private final Zstd zstd;
    private final Zstd.Decompressor decompressor;
    private final MemorySegment plain;
    private final MemorySegment compressed;
    private final BaseWindow window;
    private long position;
    private int next;

    private PatchReader(
            Zstd zstd,
            Path file,
            PatchSource base,
            PackageContent target,
            FileChannel patch,
            FileChannel from)
            throws IOException {
        this.zstd = zstd;
        this.file = file;
        this.target = target;
        this.patch = patch;
        this.from = from;
        this.header =
                PatchFormat.Header.decode(take(PatchFormat.HEADER_BYTES), base.content(), target);
        this.decompressor = zstd.decompressor();
        this.plain =
                NativeMemory.allocate(arena, Math.min(PatchFormat.SEGMENT_BYTES, target.size()));
        this.compressed = NativeMemory.allocate(arena, READ_BYTES);
        this.window = new BaseWindow(base, from, NativeMemory::lock);
    }

    /**
     * Opens a patch that is to make {@code target} of a base.
     *
     * @throws PatchException when it says that it is another
     */
    static PatchReader open(Zstd zstd, Path file, PatchSource base, PackageContent target)
            throws IOException {
        FileChannel patch = FileChannel.open(file, StandardOpenOption.READ);
        try {
            FileChannel from = FileChannel.open(base.file(), StandardOpenOption.READ);
            try {
                return new PatchReader(zstd, file, base, target, patch, from);
            } catch (IOException | RuntimeException e) {
                from.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            patch.close();
            throw e;
        }
    }

    /** The target's leaf table as the patch has it; before the first segment. */
    byte[] table() throws IOException {
        return take(target.leafCount() * Sha256.BYTES).array();
    }

    boolean hasNext() {
        return next < header.segments();
    }

    /** Passes over a segment. */
    void skip() throws IOException {
        PatchFormat.Segment segment = segment();
        position += segment.compressedLength();
        next++;
    }

    /** Takes what is made of the target, in order. */
    @FunctionalInterface
    interface Sink {

        /** The next bytes, a block of zstd's at most; they stay as they are until this returns. */
        void take(ByteBuffer piece) throws IOException, InterruptedException;
    }

    /**
     * Makes what the next segment makes of the target.
     *
     * @throws PatchException when it makes nothing, or not so many bytes
     */
    void read(Sink sink) throws IOException, InterruptedException {
        PatchFormat.Segment segment = segment();
        MemorySegment into = plain.asSlice(0, segment.targetLength());
        decompressor.begin(window.range(segment.baseOffset(), segment.baseLength()), into);
        long end = position + segment.compressedLength();
        MemorySegment input = MemorySegment.NULL;
        while (!decompressor.hasEnded()) {
            if (input.byteSize() == 0) {
                input = compressed(end);
            }
            long before = decompressor.made();
            long taken = decompressor.decompress(input).orElse(-1);
            if (taken < 0) {
                throw bad(segment, "what zstd cannot read");
            }
            input = input.asSlice(taken);
            long more = decompressor.made() - before;
            if (more > 0) {
                sink.take(into.asSlice(before, more).asByteBuffer());
            }
        }
        if (decompressor.made() != segment.targetLength()) {
            throw bad(segment, String.valueOf(decompressor.made()));
        }
        if (position < end || input.byteSize() > 0) {
            throw bad(segment, "more behind them");
        }
        next++;
    }

    /** The next compressed bytes of a segment, which are read. */
    private MemorySegment compressed(long end) throws IOException {
        long length = Math.min(READ_BYTES, end - position);
        if (length == 0) {
            throw new PatchException(
                    "segment %d: what zstd would read goes on at %d, where it ends"
                            .formatted(next, end));
        }
        MemorySegment bytes =
                NativeReading.read(patch, position, compressed, length, file.toString());
        position += length;
        return bytes;
    }

    private PatchException bad(PatchFormat.Segment segment, String found) {
        return new PatchException(
                "segment %d: expected %d bytes, found %s"
                        .formatted(next, segment.targetLength(), found));
    }

    private PatchFormat.Segment segment() throws IOException {
        ByteBuffer bytes = take(PatchFormat.SEGMENT_HEADER_BYTES);
        int length = PatchFormat.segmentSize(header.targetSize(), next);
        long most = Math.min(zstd.compressBound(length), patch.size() - position);
        return PatchFormat.Segment.decode(bytes, header, next, most);
    }

    private ByteBuffer take(int length) throws IOException {
        if (length > patch.size() - position) {
            throw new PatchException(
                    "%s: expected %d bytes at %d, found its end at %d"
                            .formatted(file, length, position, patch.size()));
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        NativeReading.read(patch, position, bytes, file.toString());
        position += length;
        return bytes.flip();
    }

    @Override
    public void close() throws IOException {
        decompressor.close();
        window.close();
        arena.close();
        from.close();
        patch.close();
    }
}
