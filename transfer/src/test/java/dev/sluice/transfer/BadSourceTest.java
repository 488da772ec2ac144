package dev.sluice.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.transfer.pull.ContentPull;
import dev.sluice.transfer.pull.PullTiming;
import dev.sluice.transfer.pull.Source;
import dev.sluice.transfer.pull.SourceFailure;
import dev.sluice.transfer.wire.Frames;
import dev.sluice.transfer.wire.PullRequest;
import dev.sluice.transfer.wire.RefusalCode;
import io.netty.buffer.ByteBuf;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A puller whose first source is bad and whose second one is good. */
@Timeout(120)
@Tag("PKG-4")
final class BadSourceTest {

    private static final int LEAF = 1 << 16;
    private static final int SIZE = 3 * LEAF + 512;

    /** Short silence; backed off for so long that a bad source is asked once. */
    private static final PullTiming ONCE =
            new PullTiming(20_000, 1_500, 1_500, 5_000, 5_000, 100_000, 100_000, 100_000, 100_000);

    @TempDir Path directory;
    private final TestContent content = TestContent.of(SIZE, 2);
    private final List<AutoCloseable> open = new ArrayList<>();
    private TestNode good;
    private TestNode puller;

    @BeforeEach
    void nodes() throws Exception {
        good = new TestNode("eu-1", directory);
        open.add(good);
        content.placeAt(good);
        puller = new TestNode("eu-2", directory).timing(ONCE);
        open.add(puller);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    /** Pulls from the bad one first, and says how that one failed. */
    private SourceFailure pullPast(Source bad) throws Exception {
        ContentPull pull = puller.pull(content, bad, good.source());
        open.add(pull);
        TestNode.await(pull.done());
        assertThat(content.received(puller)).isEqualTo(content.bytes());
        assertThat(pull.status().failures()).hasSize(1);
        return pull.status().failures().values().iterator().next();
    }

    private SourceFailure pullPast(BiConsumer<PullRequest, ByteBuf> answer) throws Exception {
        ScriptedSource bad = new ScriptedSource("us-1", answer);
        open.add(bad);
        SourceFailure failure = pullPast(bad.source());
        assertThat(bad.requests).hasSize(1);
        return failure;
    }

    private void table(ByteBuf out) {
        Frames.tableHeader(out, SIZE, content.table().encoded().length);
        out.writeBytes(content.table().encoded());
    }

    private void data(ByteBuf out, int from, int to) {
        for (int at = from; at < to; ) {
            int count = Math.min(Frames.MAX_DATA_BYTES, to - at);
            Frames.dataHeader(out, at, count);
            out.writeBytes(content.bytes(), at, count);
            at += count;
        }
    }

    @Test
    void aBlackHoleIsLeftForItsSilence() throws Exception {
        assertThat(pullPast((_, _) -> {}).kind()).isEqualTo(SourceFailure.Kind.SILENT);
    }

    @Test
    void aSourceThatFallsSilentInTheMiddleIsLeftAndItsLeavesAreKept() throws Exception {
        SourceFailure failure =
                pullPast((_, out) -> {
                    table(out);
                    data(out, 0, LEAF + 100);
                });

        assertThat(failure.kind()).isEqualTo(SourceFailure.Kind.SILENT);
        assertThat(puller.receivedFrom)
                .containsEntry("us-1", LEAF + 100L)
                .containsEntry("eu-1", (long) SIZE - LEAF);
    }

    @Test
    void aWrongLeafIsRefusedAndPulledFromAnother() throws Exception {
        SourceFailure failure =
                pullPast((_, out) -> {
                    table(out);
                    data(out, 0, 2 * LEAF);
                    out.setByte(out.writerIndex() - 1, out.getByte(out.writerIndex() - 1) ^ 1);
                });

        assertThat(failure.kind()).isEqualTo(SourceFailure.Kind.WRONG_BYTES);
        assertThat(failure.detail()).contains("the leaf at 65536");
        assertThat(puller.receivedFrom).containsEntry("eu-1", (long) SIZE - LEAF);
    }

    @Test
    void aWrongTableIsRefusedBeforeAByteCounts() throws Exception {
        SourceFailure failure =
                pullPast((_, out) -> {
                    table(out);
                    out.setByte(out.writerIndex() - 1, out.getByte(out.writerIndex() - 1) ^ 1);
                    data(out, 0, LEAF);
                });

        assertThat(failure.kind()).isEqualTo(SourceFailure.Kind.WRONG_BYTES);
        assertThat(failure.detail()).contains("leaf table");
        assertThat(puller.receivedFrom).containsEntry("eu-1", (long) SIZE);
    }

    @Test
    void aSourceWhoseContentHasAnotherSizeIsLeft() throws Exception {
        SourceFailure failure =
                pullPast((_, out) -> {
                    Frames.tableHeader(out, SIZE + 512L, 32);
                    out.writeZero(32);
                });

        assertThat(failure.kind()).isEqualTo(SourceFailure.Kind.MISBEHAVED);
        assertThat(failure.detail()).contains("" + SIZE).contains("" + (SIZE + 512));
    }

    @Test
    void dataBeyondTheEndIsNotTaken() throws Exception {
        SourceFailure failure =
                pullPast((_, out) -> {
                    table(out);
                    data(out, 0, SIZE - 512);
                    Frames.dataHeader(out, SIZE - 512, 1024);
                    out.writeZero(1024);
                });

        assertThat(failure.kind()).isEqualTo(SourceFailure.Kind.MISBEHAVED);
    }

    @Test
    void aTableWithoutEndIsNotTaken() throws Exception {
        SourceFailure failure =
                pullPast((_, out) -> {
                    for (int i = 0; i < 3; i++) {
                        Frames.tableHeader(out, SIZE, 32 * 3);
                        out.writeZero(32 * 3);
                    }
                });

        assertThat(failure.kind()).isEqualTo(SourceFailure.Kind.MISBEHAVED);
    }

    @Test
    void aSourceThatRefusesIsLeftWithItsReason() throws Exception {
        SourceFailure failure =
                pullPast((_, out) -> Frames.refused(out, RefusalCode.BUSY, "32 pulls already"));

        assertThat(failure.kind()).isEqualTo(SourceFailure.Kind.REFUSED);
        assertThat(failure.detail()).isEqualTo("BUSY: 32 pulls already");
    }

    @Test
    void aSourceThatTakesBackItsLeafIsNotToBlame() throws Exception {
        ScriptedSource honest =
                new ScriptedSource(
                        "us-1",
                        (_, out) -> {
                            table(out);
                            Frames.dataHeader(out, 0, 1000);
                            out.writeZero(1000);
                            Frames.retract(out, 0);
                            data(out, 0, SIZE);
                            Frames.end(out);
                        });
        open.add(honest);

        ContentPull pull = puller.pull(content, honest.source(), good.source());
        open.add(pull);
        TestNode.await(pull.done());

        assertThat(content.received(puller)).isEqualTo(content.bytes());
        assertThat(pull.status().failures()).isEmpty();
    }

    @Test
    void aNodeWithTheCertificateOfAnotherIsLeft() throws Exception {
        TestNode other = new TestNode("us-2", directory);
        open.add(other);
        content.placeAt(other);

        SourceFailure failure = pullPast(new Source("us-1", "127.0.0.1", other.source().port(), 0));

        assertThat(failure.detail()).contains("node or master us-1").contains("us-2");
        assertThat(other.server.sentBytes()).isZero();
    }

    @Test
    void aRelayTakesBackFromItsChildWhatWasWrong() throws Exception {
        ScriptedSource bad =
                new ScriptedSource(
                        "us-1",
                        (_, out) -> {
                            table(out);
                            int begin = out.writerIndex();
                            data(out, 0, LEAF);
                            out.setByte(begin + Frames.DATA_HEADER_BYTES, ~content.bytes()[0]);
                        });
        open.add(bad);
        TestNode child = new TestNode("eu-3", directory);
        open.add(child);
        ContentPull relay = puller.pull(content, bad.source(), good.source());
        open.add(relay);
        ContentPull last = child.pull(content, puller.source());
        open.add(last);

        TestNode.await(relay.done());
        TestNode.await(last.done());

        assertThat(content.received(child)).isEqualTo(content.bytes());
        assertThat(last.status().failures()).isEmpty();
    }
}
