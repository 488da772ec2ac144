package dev.sluice.agent.disk;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.zip.CRC32C;

/**
 * The form of a file that only grows: a line a record, {@code CRC32C-in-hex SPACE TEXT NEWLINE}.
 */
public final class CheckedLines {

    private static final int CRC_CHARS = 8;

    private CheckedLines() {}

    /** Where the text of a line is: from an offset, up to another one. */
    public record Line(int offset, int from, int to) {}

    /**
     * What could be read.
     *
     * @param goodBytes the length of the readable part; what follows is a torn last line
     * @param damaged where a line is damaged that no crash explains
     */
    public record Decoded(List<Line> lines, int goodBytes, OptionalInt damaged) {
        public Decoded {
            lines = List.copyOf(lines);
        }
    }

    /** One line; the text has no line end. */
    public static byte[] encode(byte[] text) {
        ByteArrayOutputStream line = new ByteArrayOutputStream(text.length + CRC_CHARS + 2);
        line.writeBytes(crc(text, 0, text.length).getBytes(StandardCharsets.US_ASCII));
        line.write(' ');
        line.writeBytes(text);
        line.write('\n');
        return line.toByteArray();
    }

    /** The lines up to the end, up to a torn last one, or up to damage. */
    public static Decoded decode(byte[] bytes) {
        List<Line> lines = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            int end = indexOf(bytes, at, '\n');
            if (end < 0 || !isIntact(bytes, at, end)) {
                boolean last = end < 0 || end == bytes.length - 1;
                return new Decoded(
                        lines,
                        at,
                        last && isTorn(bytes, at, end) ? OptionalInt.empty() : OptionalInt.of(at));
            }
            lines.add(new Line(at, at + CRC_CHARS + 1, end));
            at = end + 1;
        }
        return new Decoded(lines, at, OptionalInt.empty());
    }

    /** Cut off before its end, or with pages that never reached the disk: no write leaves a NUL. */
    private static boolean isTorn(byte[] bytes, int from, int end) {
        return end < 0 || indexOf(bytes, from, '\0') >= 0;
    }

    private static boolean isIntact(byte[] bytes, int from, int end) {
        int text = from + CRC_CHARS + 1;
        if (text >= end || bytes[text - 1] != ' ') {
            return false;
        }
        String stated = new String(bytes, from, CRC_CHARS, StandardCharsets.US_ASCII);
        return stated.equals(crc(bytes, text, end - text));
    }

    private static int indexOf(byte[] bytes, int from, char wanted) {
        for (int at = from; at < bytes.length; at++) {
            if (bytes[at] == wanted) {
                return at;
            }
        }
        return -1;
    }

    private static String crc(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
