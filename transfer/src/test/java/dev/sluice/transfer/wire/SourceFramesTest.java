package dev.sluice.transfer.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

final class SourceFramesTest {

    private static final int LEAF = 65536;
    private static final PackageContent CONTENT =
            new PackageContent(
                    2 * LEAF + 512, new Sha256("ab".repeat(32)), LEAF, new Sha256("cd".repeat(32)));

    private long taken;
    private boolean retracted;

    private SourceFrames from(long offset, boolean table) {
        return new SourceFrames(
                CONTENT,
                new PullRequest(CONTENT.sha256(), offset, CONTENT.size(), 0, table),
                new FrameSink() {
                    @Override
                    public void table(long size, ByteBuf hashes) {}

                    @Override
                    public void data(long at, ByteBuf bytes, int count) {
                        taken += count;
                    }

                    @Override
                    public void retract(long at) {
                        retracted = true;
                    }

                    @Override
                    public void alive(long at) {}

                    @Override
                    public void end() {}
                });
    }

    private static void data(SourceFrames frames, long offset, int count) throws WireException {
        frames.data(offset, Unpooled.wrappedBuffer(new byte[count]), count);
    }

    private static ByteBuf hashes(int count) {
        return Unpooled.wrappedBuffer(new byte[count * Sha256.BYTES]);
    }

    @Test
    void bytesComeInOrderFromTheOffsetThatWasAskedFor() throws WireException {
        SourceFrames frames = from(LEAF, false);
        data(frames, LEAF, 10);
        data(frames, LEAF + 10, LEAF - 10);
        data(frames, 2 * LEAF, 512);
        frames.end();

        assertThat(taken).isEqualTo(LEAF + 512);
    }

    @Test
    void aGapIsRefused() throws WireException {
        SourceFrames frames = from(0, false);
        data(frames, 0, 10);

        assertThatThrownBy(() -> data(frames, 11, 1))
                .hasMessageContaining("expected the bytes at offset 10, found those at 11");
    }

    @Test
    void aRepetitionIsRefused() throws WireException {
        SourceFrames frames = from(0, false);
        data(frames, 0, 10);

        assertThatThrownBy(() -> data(frames, 0, 10)).isInstanceOf(WireException.class);
    }

    @Test
    void bytesBeyondTheEndAreRefused() {
        assertThatThrownBy(() -> data(from(2 * LEAF, false), 2 * LEAF, 513))
                .hasMessageContaining("found more");
    }

    @Test
    void dataBeforeTheTableIsWholeIsRefused() throws WireException {
        SourceFrames frames = from(0, true);
        frames.table(CONTENT.size(), hashes(2));

        assertThatThrownBy(() -> data(frames, 0, 1))
                .hasMessageContaining("expected 32 more bytes of the table first");
    }

    @Test
    void aTableNobodyAskedForIsRefused() {
        assertThatThrownBy(() -> from(0, false).table(CONTENT.size(), hashes(1)))
                .hasMessageContaining("at most 0 more bytes");
    }

    @Test
    void aTableThatIsTooLargeIsRefused() {
        assertThatThrownBy(() -> from(0, true).table(CONTENT.size(), hashes(4)))
                .hasMessageContaining("at most 96 more bytes");
    }

    @Test
    void anEndBeforeTheLastByteIsRefused() {
        assertThatThrownBy(() -> from(0, false).end())
                .hasMessageContaining("expected the content up to offset 131584, found it up to 0");
    }

    @Test
    void onlyTheLeafThatIsUnderWayCanBeTakenBack() throws WireException {
        SourceFrames frames = from(0, false);
        assertThatThrownBy(() -> frames.retract(0)).isInstanceOf(WireException.class);
        data(frames, 0, LEAF);
        assertThatThrownBy(() -> frames.retract(0)).isInstanceOf(WireException.class);
        data(frames, LEAF, 1);
        assertThatThrownBy(() -> frames.retract(0)).isInstanceOf(WireException.class);

        frames.retract(LEAF);

        assertThat(retracted).isTrue();
        data(frames, LEAF, LEAF);
        data(frames, 2 * LEAF, 512);
        assertThatThrownBy(() -> frames.retract(2 * LEAF)).isInstanceOf(WireException.class);
    }

    @Test
    void nothingComesAfterTheEnd() throws WireException {
        SourceFrames frames = from(2 * LEAF, false);
        data(frames, 2 * LEAF, 512);
        frames.end();

        assertThatThrownBy(frames::end).hasMessageContaining("found after END");
    }

    @Test
    void anOffsetThatCannotBeIsRefused() {
        assertThatThrownBy(() -> from(0, false).alive(CONTENT.size() + 1))
                .isInstanceOf(WireException.class);
        assertThatThrownBy(() -> from(0, false).alive(-1)).isInstanceOf(WireException.class);
    }
}
