package dev.sluice.transfer.patch;

import dev.sluice.trust.packages.LeafHashing;
import dev.sluice.trust.packages.LeafTable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Makes patches. Memory is bounded by a segment and what zstd needs for it, 40 MiB outside of the
 * heap, and the base's pages that it refers to. The same contents give the same patch with the same
 * library.
 */
public final class PatchMaker {

    private final Zstd zstd;

    public PatchMaker(Zstd zstd) {
        this.zstd = zstd;
    }

    /**
     * Makes the patch from a base to a target, durable in a file, which must not be there yet.
     *
     * @param table the target's
     * @param maxBytes of the patch; one that would be larger is given up as soon as it is known
     * @return what the file is as a content of its own, with its table; empty: it would be larger,
     *     and what is in the file is nothing
     * @throws ClosedByInterruptException when the thread is interrupted, after the segment
     */
    public Optional<LeafHashing.Described> make(
            PatchSource base, PatchSource target, LeafTable table, Path file, long maxBytes)
            throws IOException {
        try (FileChannel from = FileChannel.open(base.file(), StandardOpenOption.READ);
                BaseWindow window = new BaseWindow(base, from, NativeMemory::lock);
                FileChannel to = FileChannel.open(target.file(), StandardOpenOption.READ);
                FileChannel out =
                        FileChannel.open(
                                file,
                                StandardOpenOption.CREATE_NEW,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE)) {
            PatchFormat.Header header = PatchFormat.Header.of(base.content(), target.content());
            NativeReading.write(out, header.encode());
            NativeReading.write(out, ByteBuffer.wrap(table.encoded()));
            boolean isSmall = segments(header, new Ends(window, target, to), out, maxBytes);
            int padding = PatchFormat.padding(out.position());
            if (!isSmall || out.position() + padding > maxBytes) {
                return Optional.empty();
            }
            NativeReading.write(out, ByteBuffer.allocate(padding));
            out.force(true);
            return Optional.of(LeafHashing.describe(out));
        }
    }

    private record Ends(BaseWindow window, PatchSource target, FileChannel to) {

        MemorySegment base(PatchFormat.Segment segment) throws IOException {
            return window.range(segment.baseOffset(), segment.baseLength());
        }

        MemorySegment target(long offset, MemorySegment memory, int length) throws IOException {
            return NativeReading.read(
                    to, target.start() + offset, memory, length, target.file().toString());
        }
    }

    /** Writes all segments; false as soon as there is too much. */
    private boolean segments(PatchFormat.Header header, Ends ends, FileChannel out, long maxBytes)
            throws IOException {
        try (Arena arena = Arena.ofConfined();
                Zstd.Compressor compressor = zstd.compressor()) {
            long longest = Math.min(PatchFormat.SEGMENT_BYTES, header.targetSize());
            MemorySegment plain = NativeMemory.allocate(arena, longest);
            MemorySegment compressed = NativeMemory.allocate(arena, zstd.compressBound(longest));
            for (int i = 0; i < header.segments(); i++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new ClosedByInterruptException();
                }
                PatchFormat.Segment segment =
                        PatchFormat.Segment.around(header.baseSize(), header.targetSize(), i);
                long offset = (long) i * PatchFormat.SEGMENT_BYTES;
                int length =
                        (int)
                                compressor.compress(
                                        ends.target(offset, plain, segment.targetLength()),
                                        ends.base(segment),
                                        compressed);
                if (out.position() + PatchFormat.SEGMENT_HEADER_BYTES + length > maxBytes) {
                    return false;
                }
                NativeReading.write(out, segment.compressedTo(length).encode());
                NativeReading.write(out, compressed.asSlice(0, length).asByteBuffer());
            }
            return true;
        }
    }
}
