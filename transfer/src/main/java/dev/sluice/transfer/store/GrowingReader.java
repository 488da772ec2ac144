package dev.sluice.transfer.store;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/** Reads a content that is being received, from span to span. */
final class GrowingReader implements ReadableContent.Reader {
    private final GrowingContent content;
    private final PartFile part;
    private final Runnable wake;
    private final Runnable then;

    // Guarded by this; a span's lock is taken before.
    private long at;
    private long takenBack = -1;
    private boolean closed;

    /** Of the reading thread: the version of the table that it reads. */
    private int tableVersion;

    GrowingReader(
            GrowingContent content, PartFile part, long offset, Runnable wake, Runnable then) {
        this.content = content;
        this.part = part;
        this.at = offset;
        this.wake = wake;
        this.then = then;
    }

    void wake() {
        wake.run();
    }

    /**
     * Forgets what was read of a span from an offset on. Only what is not vouched for is taken
     * back, and that nobody has read to the span's end.
     */
    synchronized void takeBack(Span span, long offset) {
        if (span.contains(at) && at > offset) {
            at = offset;
            takenBack = offset;
        }
    }

    synchronized boolean isTakenBack() {
        return takenBack >= 0;
    }

    synchronized void advance(int count) {
        at += count;
    }

    @Override
    public synchronized long position() {
        return at;
    }

    @Override
    public long available() {
        return content.available(position());
    }

    @Override
    public long onDisk() {
        return isTakenBack() ? 0 : content.spanAt(position()).verified();
    }

    @Override
    public boolean ended() {
        return content.isEnded();
    }

    @Override
    public synchronized OptionalLong takeRetraction() {
        long offset = takenBack;
        takenBack = -1;
        return offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset);
    }

    @Override
    public int readMemory(ByteBuf into, int most) {
        return content.spanAt(position()).readMemory(this, into, most);
    }

    @Override
    public void readDisk(ByteBuffer into) throws IOException {
        int count = into.remaining();
        part.read(position(), into);
        advance(count);
    }

    @Override
    public int availableTable() {
        return part.table().available();
    }

    @Override
    public void readTable(int offset, ByteBuffer into) throws IOException {
        GrowingTable table = part.table();
        int now = table.version();
        if (offset == 0) {
            tableVersion = now;
        }
        table.read(offset, into);
        if (now != tableVersion || table.version() != now) {
            throw new IOException("what was read of the leaf table was wrong");
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        content.readerClosed(this);
        then.run();
    }
}
