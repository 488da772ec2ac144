package dev.sluice.sample;

import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads UTF-8 lines of bounded length, ended by LF or CR LF, and refuses what is longer or not
 * UTF-8.
 */
final class LineReader {

    /**
     * The longest line in bytes without its end: every legal line is far shorter, so a longer one
     * is a mistake.
     */
    static final int MAX_LINE_BYTES = 256;

    private final InputStream in;
    private final byte[] buffer = new byte[MAX_LINE_BYTES + 2];
    private int start;
    private int end;

    LineReader(InputStream in) {
        this.in = in;
    }

    /**
     * The next line without its end, or null when the peer has finished; half a line at the end is
     * dropped.
     */
    @Nullable String readLine() throws IOException {
        int scanned = start;
        while (true) {
            for (; scanned < end; scanned++) {
                if (buffer[scanned] == '\n') {
                    String line = decode(start, scanned);
                    start = scanned + 1;
                    return line;
                }
            }
            if (start > 0) {
                System.arraycopy(buffer, start, buffer, 0, end - start);
                end -= start;
                scanned -= start;
                start = 0;
            }
            if (end == buffer.length) {
                throw tooLong();
            }
            int count = in.read(buffer, end, buffer.length - end);
            if (count < 0) {
                return null;
            }
            end += count;
        }
    }

    private String decode(int from, int to) throws ProtocolException {
        int last = to > from && buffer[to - 1] == '\r' ? to - 1 : to;
        if (last - from > MAX_LINE_BYTES) {
            throw tooLong();
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(buffer, from, last - from))
                    .toString();
        } catch (CharacterCodingException _) {
            throw new ProtocolException("line is not UTF-8");
        }
    }

    private static ProtocolException tooLong() {
        return new ProtocolException("line is longer than " + MAX_LINE_BYTES + " bytes");
    }
}
