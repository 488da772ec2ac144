package dev.sluice.transfer.net;

import dev.sluice.transfer.memory.TransferMemory;
import dev.sluice.transfer.wire.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * A TLS connection whose calls block. For one thread, its owner's; {@link #close} alone may be
 * called by any, and ends whatever the owner waits in. The owner releases it at its end.
 */
public final class Connection implements AutoCloseable {

    /** What a receiver reads of a socket at once: what comes in 8 ms at 250 Mbit/s. */
    public static final int READ_BYTES = 256 << 10;

    /** Plain bytes that are encrypted and written at once: four records. */
    private static final int WRITE_BYTES = 64 << 10;

    private static final int RECORD_BYTES = 16 << 10;

    /** What a record has besides its bytes, generously. */
    private static final int RECORD_OVERHEAD_BYTES = 512;

    /** What is read at once by who receives next to nothing. */
    static final int ONE_RECORD_BYTES = RECORD_BYTES + RECORD_OVERHEAD_BYTES;

    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private final SocketChannel socket;
    private final SslHandler tls;
    private final SSLEngine engine;
    private final ByteBuf incomingMemory;

    /** Encrypted bytes that came; between its position and its limit. */
    private final ByteBuffer incoming;

    /** Encrypted bytes on their way; as large as was needed until now. */
    private @Nullable ByteBuf outgoingMemory;

    /** What came in the same records as the handshake's end. */
    private @Nullable ByteBuf early;

    /** The engine may have decrypted bytes for which there was no room. */
    private boolean mayHold;

    /**
     * A connection over a socket.
     *
     * @param readBytes encrypted bytes that are read at once, a record's at least
     */
    Connection(SocketChannel socket, SslContext context, int readBytes) throws IOException {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        this.socket = socket;
        // Netty's engine for its own handler decrypts many records in a call; one that is asked
        // for as such does one.
        this.tls = context.newHandler(TransferMemory.pool());
        this.engine = tls.engine();
        this.incomingMemory = TransferMemory.aligned(readBytes);
        this.incoming = incomingMemory.nioBuffer(0, readBytes).limit(0);
    }

    /** Agrees with the peer on keys, after both have shown who they are. */
    public void handshake() throws IOException {
        engine.beginHandshake();
        ByteBuf produced = TransferMemory.aligned(ONE_RECORD_BYTES);
        early = produced;
        ByteBuffer plain = produced.nioBuffer(0, ONE_RECORD_BYTES);
        while (isShaking()) {
            switch (engine.getHandshakeStatus()) {
                case NEED_WRAP -> speak();
                case NEED_TASK -> runTasks();
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> shake(plain);
                case FINISHED, NOT_HANDSHAKING -> {}
            }
        }
        produced.writerIndex(plain.position());
        dropEarlyIfRead();
        releaseOutgoing();
    }

    private void dropEarlyIfRead() {
        ByteBuf produced = early;
        if (produced != null && !produced.isReadable()) {
            early = null;
            produced.release();
        }
    }

    private boolean isShaking() {
        HandshakeStatus status = engine.getHandshakeStatus();
        return status != HandshakeStatus.FINISHED && status != HandshakeStatus.NOT_HANDSHAKING;
    }

    private void shake(ByteBuffer plain) throws IOException {
        SSLEngineResult result = engine.unwrap(incoming, plain);
        boolean starved =
                result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW
                        || (result.bytesConsumed() == 0 && !incoming.hasRemaining());
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
            throw new SSLException("closed during the handshake");
        }
        if (starved
                && engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP
                && fill(incoming.capacity()) < 0) {
            throw new SSLException("closed during the handshake");
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask();
                task != null;
                task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    /** Whether both sides agreed on the protocol; known once the handshake is done. */
    public boolean speaksTransfer() {
        return Frames.PROTOCOL.equals(tls.applicationProtocol());
    }

    /** The certificate that the peer has shown. */
    public X509Certificate peerCertificate() throws SSLPeerUnverifiedException {
        return (X509Certificate) engine.getSession().getPeerCertificates()[0];
    }

    public SocketAddress remoteAddress() {
        return socket.socket().getRemoteSocketAddress();
    }

    /**
     * Reads bytes, after it waited for the first if need be.
     *
     * @param into with room for 16 KiB at least
     * @param most encrypted bytes that are taken from the socket
     * @return how many; -1: the peer has ended the connection
     */
    public int read(ByteBuf into, int most) throws IOException {
        while (true) {
            int count = readMore(into);
            if (count != 0) {
                return count;
            }
            if (fill(most) < 0) {
                return -1;
            }
        }
    }

    /**
     * Reads bytes of what the socket gave before, without waiting.
     *
     * @return how many; 0: there are none; -1: the peer has ended the connection
     */
    public int readMore(ByteBuf into) throws IOException {
        ByteBuf before = early;
        if (before != null) {
            int count = Math.min(before.readableBytes(), into.writableBytes());
            into.writeBytes(before, count);
            dropEarlyIfRead();
            return count;
        }
        while (mayHold || incoming.hasRemaining()) {
            int room = into.writableBytes();
            ByteBuffer plain = into.internalNioBuffer(into.writerIndex(), room);
            SSLEngineResult result = engine.unwrap(incoming, plain);
            int count = result.bytesProduced();
            mayHold = count > 0 && room - count < RECORD_BYTES;
            if (result.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
                attend();
            }
            if (count > 0) {
                into.writerIndex(into.writerIndex() + count);
                return count;
            }
            if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                return -1;
            }
            if (result.bytesConsumed() == 0) {
                return 0;
            }
        }
        return 0;
    }

    /** Does what TLS itself has to do, as for new keys. */
    private void attend() throws IOException {
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
            runTasks();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            speak();
        }
    }

    private int fill(int most) throws IOException {
        incoming.compact();
        incoming.limit(Math.min(incoming.position() + most, incoming.capacity()));
        int count = socket.read(incoming);
        incoming.flip();
        return count;
    }

    /** Encrypts and writes all bytes; waits while the network does not take them. */
    public void write(ByteBuf bytes) throws IOException {
        while (bytes.isReadable()) {
            int count = Math.min(bytes.readableBytes(), WRITE_BYTES);
            int records = Math.ceilDiv(count, RECORD_BYTES);
            encryptAndSend(
                    bytes.internalNioBuffer(bytes.readerIndex(), count),
                    count + (records + 1) * RECORD_OVERHEAD_BYTES);
            bytes.skipBytes(count);
        }
    }

    /** Sends what TLS has to say. */
    private void speak() throws IOException {
        encryptAndSend(NOTHING, ONE_RECORD_BYTES);
    }

    private void encryptAndSend(ByteBuffer plain, int room) throws IOException {
        ByteBuf memory = outgoingMemory(Math.max(room, ONE_RECORD_BYTES));
        do {
            ByteBuffer outgoing = memory.internalNioBuffer(0, memory.capacity());
            // A view of all that the memory is part of, so not one that can be flipped.
            int begin = outgoing.position();
            wrap(plain, outgoing);
            outgoing.limit(outgoing.position()).position(begin);
            while (outgoing.hasRemaining()) {
                socket.write(outgoing);
            }
        } while (plain.hasRemaining());
    }

    private ByteBuf outgoingMemory(int bytes) {
        ByteBuf memory = outgoingMemory;
        if (memory == null || memory.capacity() < bytes) {
            releaseOutgoing();
            memory = TransferMemory.aligned(bytes);
            outgoingMemory = memory;
        }
        return memory;
    }

    private void releaseOutgoing() {
        ByteBuf memory = outgoingMemory;
        if (memory != null) {
            outgoingMemory = null;
            memory.release();
        }
    }

    private void wrap(ByteBuffer plain, ByteBuffer outgoing) throws IOException {
        SSLEngineResult result;
        do {
            result = engine.wrap(plain, outgoing);
            if (result.getStatus() == SSLEngineResult.Status.CLOSED && plain.hasRemaining()) {
                throw new SSLException("the connection is closed");
            }
        } while (plain.hasRemaining()
                && result.bytesProduced() > 0
                && outgoing.remaining() >= ONE_RECORD_BYTES);
    }

    /** Says that nothing more is written. */
    public void endOutput() throws IOException {
        engine.closeOutbound();
        speak();
        socket.shutdownOutput();
    }

    /** Ends it at once. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException _) {
            // It is closed all the same.
        }
    }

    /** Gives its memory back, after the end; the owner's last call. */
    public void release() {
        close();
        ReferenceCountUtil.safeRelease(engine);
        incomingMemory.release();
        releaseOutgoing();
        if (early != null) {
            early.release();
        }
    }
}
