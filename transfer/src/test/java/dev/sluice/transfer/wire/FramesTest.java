package dev.sluice.transfer.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.trust.packages.PackageContent;
import dev.sluice.trust.packages.Sha256;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FramesTest {

    private static final Sha256 ID = new Sha256("ab".repeat(32));
    private static final PackageContent CONTENT =
            new PackageContent(3 * 65536 + 512, ID, 65536, new Sha256("cd".repeat(32)));

    /** Writes down every call. */
    private static final class Log implements FrameSink {
        private final List<String> calls = new ArrayList<>();

        @Override
        public void pull(PullRequest request) {
            calls.add(request.toString());
        }

        @Override
        public void table(long contentSize, ByteBuf hashes) {
            calls.add("table %d %d".formatted(contentSize, hashes.readableBytes()));
        }

        @Override
        public void data(long offset, ByteBuf bytes, int count) {
            calls.add("data %d %s".formatted(offset, ByteBufUtil.hexDump(bytes.readSlice(count))));
        }

        @Override
        public void alive(long offset) {
            calls.add("alive " + offset);
        }

        @Override
        public void retract(long offset) {
            calls.add("retract " + offset);
        }

        @Override
        public void end() {
            calls.add("end");
        }

        @Override
        public void refused(RefusalCode code, String text) {
            calls.add("refused " + code + " " + text);
        }
    }

    private static List<String> read(String hex) throws WireException {
        Log log = new Log();
        new FrameReader().read(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex)), log);
        return log.calls;
    }

    private interface Writing {
        void into(ByteBuf out);
    }

    private static String written(Writing writing) {
        ByteBuf out = Unpooled.buffer();
        writing.into(out);
        return ByteBufUtil.hexDump(out);
    }

    private static void golden(String hex, Writing writing, String call) throws WireException {
        assertThat(written(writing)).isEqualTo(hex);
        assertThat(read(hex)).containsExactly(call);
    }

    @Test
    void bytesOfEveryFrameStayAsTheyAre() throws WireException {
        PullRequest pull = new PullRequest(ID, 131072, 262_656, 2_500_000, true);
        golden(
                "0100003a"
                        + "01"
                        + "ab".repeat(32)
                        + "0000000000020000"
                        + "0000000000040200"
                        + "00000000002625a0"
                        + "01",
                out -> Frames.pull(out, pull),
                pull.toString());
        golden(
                "02000028" + "0000000000000600" + "07".repeat(32),
                out -> {
                    Frames.tableHeader(out, 1536, 32);
                    out.writeBytes(ByteBufUtil.decodeHexDump("07".repeat(32)));
                },
                "table 1536 32");
        golden(
                "0300000b" + "0000000000010000" + "010203",
                out -> {
                    Frames.dataHeader(out, 65536, 3);
                    out.writeMedium(0x010203);
                },
                "data 65536 010203");
        golden("04000008" + "0000000000000007", out -> Frames.alive(out, 7), "alive 7");
        golden("05000008" + "0000000000010000", out -> Frames.retract(out, 65536), "retract 65536");
        golden("06000000", Frames::end, "end");
        golden(
                "07000005" + "02" + "62757379",
                out -> Frames.refused(out, RefusalCode.BUSY, "busy"),
                "refused BUSY busy");
    }

    @Test
    void aFullDataFrameFillsFourRecordsOfTls() {
        assertThat(Frames.DATA_HEADER_BYTES + Frames.FULL_DATA_BYTES).isEqualTo(4 * 16384);
    }

    @Test
    void framesMayComeInPiecesOfAnySize() throws WireException {
        String all =
                written(out -> {
                    Frames.alive(out, 1);
                    Frames.dataHeader(out, 0, 4);
                    out.writeInt(0x01020304);
                    Frames.end(out);
                });
        for (int size = 1; size < all.length() / 2; size++) {
            Log log = new Log();
            FrameReader reader = new FrameReader();
            ByteBuf in = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(all));
            while (in.isReadable()) {
                reader.read(in.readSlice(Math.min(size, in.readableBytes())), log);
            }
            assertThat(log.calls).startsWith("alive 1").endsWith("end");
            assertThat(
                            String.join(
                                    "",
                                    log.calls.stream()
                                            .filter(call -> call.startsWith("data"))
                                            .map(call -> call.substring(call.lastIndexOf(' ') + 1))
                                            .toList()))
                    .isEqualTo("01020304");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000000", // no such type
                "08000000",
                "ff000000",
                "01000101", // PULL of 257 bytes
                "01000031", // PULL of 49
                "02010001", // TABLE of 64 KiB and one byte
                "02000007", // TABLE without its size
                "02000008" + "0000000000000600", // TABLE without a hash
                "02000029"
                        + "0000000000000600"
                        + "0700000000000000000000000000000000000000000000000000000000000000"
                        + "07",
                "03010009", // DATA of 64 KiB and one byte
                "03000008", // DATA of nothing
                "04000007",
                "04000009",
                "05000000",
                "06000001",
                "07000000",
                "07000102",
                "03ffffff",
            })
    void aFrameBeyondItsBoundsEndsTheConnection(String hex) {
        assertThatThrownBy(() -> read(hex)).isInstanceOf(WireException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0000000000000001" + "0000000000020000" + "0000000000000000" + "00", // no leaf's
                "ffffffffffff0000" + "0000000000020000" + "0000000000000000" + "00", // negative
                "0000000000000000" + "0000001000000001" + "0000000000000000" + "00", // > 64 GiB
                "0000000000020000" + "000000000001ffff" + "0000000000000000" + "00", // no way back
                "0000000000000000" + "0000000000020000" + "ffffffffffffffff" + "00", // a rate < 0
            })
    void aPullThatAsksForNonsenseIsRefused(String rest) {
        assertThatThrownBy(() -> read("0100003a" + "01" + "ab".repeat(32) + rest))
                .isInstanceOf(WireException.class)
                .hasMessageContaining("expected an offset that is a multiple of 65536");
    }

    @Test
    void aPullOfALaterVersionIsRefusedByName() {
        assertThatThrownBy(() -> read("0100003b" + "02" + "00".repeat(58)))
                .hasMessageContaining("expected version 1 with 58 bytes, found version 2 with 59");
    }

    @Test
    void aTruncatedFrameGivesNothing() throws WireException {
        assertThat(read("04000008" + "00000000000000")).isEmpty();
        assertThat(read("0300000b" + "0000000000010000")).isEmpty();
        assertThat(read("0600")).isEmpty();
    }

    @Test
    void aLongRefusalIsCutAndAStrangeOneMadePrintable() throws WireException {
        List<String> calls =
                read(
                        written(out ->
                                Frames.refused(
                                        out, RefusalCode.OTHER, "\u0007" + "x".repeat(999))));

        assertThat(calls.getFirst()).startsWith("refused OTHER ?xxx").hasSizeLessThan(230);
        assertThat(read("07000001" + "63")).containsExactly("refused OTHER ");
    }

    @Test
    void randomBytesNeverDoMoreThanEndTheConnection() {
        Random random = new Random(5);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[3 + random.nextInt(200)];
            random.nextBytes(bytes);
            bytes[0] = (byte) random.nextInt(9);
            bytes[1] = 0;
            bytes[2] = (byte) random.nextInt(2);
            try {
                new FrameReader()
                        .read(
                                Unpooled.wrappedBuffer(bytes),
                                new SourceFrames(
                                        CONTENT,
                                        new PullRequest(ID, 0, CONTENT.size(), 0, true),
                                        new Log()));
            } catch (WireException e) {
                assertThat(e).hasMessageStartingWith("frame");
            }
        }
    }

    @Test
    void whatASideDoesNotExpectIsRefused() {
        FrameSink deaf = new FrameSink() {};
        assertThatThrownBy(deaf::end).isInstanceOf(WireException.class);
        assertThatThrownBy(() -> deaf.pull(new PullRequest(ID, 0, 1, 0, false)))
                .isInstanceOf(WireException.class);
        assertThatThrownBy(() -> deaf.data(0, Unpooled.EMPTY_BUFFER, 0))
                .isInstanceOf(WireException.class);
        assertThatThrownBy(() -> deaf.refused(RefusalCode.BUSY, ""))
                .isInstanceOf(WireException.class);
    }
}
