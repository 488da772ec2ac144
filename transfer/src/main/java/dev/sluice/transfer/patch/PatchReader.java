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
 * taken for a segment and its base alone. What it gives is not verified. For one thread.
 */
final class PatchReader implements AutoCloseable {

    private final Path file;
    private final PatchSource base;
    private final PackageContent target;
    private final PatchFormat.Header header;
    private final FileChannel patch;
    private final FileChannel from;
    private final Arena arena = Arena.ofConfined();
    private final Zstd zstd;
    private final Zstd.Decompressor decompressor;
    private final MemorySegment plain;
    private final MemorySegment prefix;
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
        this.base = base;
        this.target = target;
        this.patch = patch;
        this.from = from;
        this.header =
                PatchFormat.Header.decode(take(PatchFormat.HEADER_BYTES), base.content(), target);
        this.decompressor = zstd.decompressor();
        this.plain = Zstd.memory(arena, Math.min(PatchFormat.SEGMENT_BYTES, target.size()));
        this.prefix = Zstd.memory(arena, Math.min(PatchFormat.BASE_BYTES, base.content().size()));
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

    /**
     * The bytes of the target that the next segment makes; overwritten by the one after it.
     *
     * @throws PatchException when it makes none, or not so many
     */
    ByteBuffer read() throws IOException {
        PatchFormat.Segment segment = segment();
        try (Arena once = Arena.ofConfined()) {
            MemorySegment compressed =
                    NativeReading.read(
                            patch,
                            position,
                            Zstd.memory(once, segment.compressedLength()),
                            segment.compressedLength(),
                            file.toString());
            MemorySegment near =
                    NativeReading.read(
                            from,
                            base.start() + segment.baseOffset(),
                            prefix,
                            segment.baseLength(),
                            base.file().toString());
            MemorySegment into = plain.asSlice(0, segment.targetLength());
            long made = decompressor.decompress(compressed, near, into).orElse(-1L);
            if (made != segment.targetLength()) {
                throw new PatchException(
                        "segment %d: expected %d bytes, found %s"
                                .formatted(
                                        next,
                                        segment.targetLength(),
                                        made < 0 ? "what zstd cannot read" : made));
            }
            position += segment.compressedLength();
            next++;
            return into.asByteBuffer();
        }
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
        arena.close();
        from.close();
        patch.close();
    }
}
