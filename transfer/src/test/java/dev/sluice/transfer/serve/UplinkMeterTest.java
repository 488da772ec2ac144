package dev.sluice.transfer.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A socket that takes bytes when the test says so. */
@Tag("PKG-4")
final class UplinkMeterTest {

    private static final int MIB = 1 << 20;

    private final AtomicLong nanos = new AtomicLong();
    private final UplinkMeter meter = new UplinkMeter(nanos::get);

    private EmbeddedChannel channel() {
        EmbeddedChannel channel = new EmbeddedChannel(meter.handler());
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1, MIB));
        return channel;
    }

    /** More than the high mark waits, and leaves after so long. */
    private void fullFor(EmbeddedChannel channel, long millis) {
        var _ = channel.write(Unpooled.buffer(2 * MIB).writeZero(2 * MIB));
        assertThat(channel.isWritable()).isFalse();
        nanos.addAndGet(millis * 1_000_000);
        channel.flushOutbound();
        channel.runPendingTasks();
        assertThat(channel.isWritable()).isTrue();
        channel.releaseOutbound();
    }

    @Test
    void countsOnlyTheTimeInWhichTheSocketWasFull() {
        EmbeddedChannel channel = channel();
        fullFor(channel, 500);
        nanos.addAndGet(60_000_000_000L);
        assertThat(meter.bytesPerSecond()).as("half a second is too short").isZero();

        fullFor(channel, 500);

        assertThat(meter.bytesPerSecond()).isBetween(4L * MIB - 1000, 4L * MIB + 1000);
        var _ = channel.close();
    }

    @Test
    void keepsTheLastRateAndReplacesItByTheNext() {
        EmbeddedChannel fast = channel();
        fullFor(fast, 1000);
        assertThat(meter.bytesPerSecond()).isBetween(2L * MIB - 1000, 2L * MIB + 1000);
        var _ = fast.close();

        EmbeddedChannel slow = channel();
        fullFor(slow, 4000);
        assertThat(meter.bytesPerSecond()).isBetween(MIB / 2 - 1000L, MIB / 2 + 1000L);
        var _ = slow.close();
    }

    @Test
    void aSocketThatIsNeverFullSaysNothing() {
        EmbeddedChannel channel = channel();
        for (int i = 0; i < 100; i++) {
            var _ = channel.writeOutbound(Unpooled.buffer(1000).writeZero(1000));
            nanos.addAndGet(100_000_000);
        }
        channel.releaseOutbound();

        assertThat(meter.bytesPerSecond()).isZero();
        var _ = channel.close();
    }
}
