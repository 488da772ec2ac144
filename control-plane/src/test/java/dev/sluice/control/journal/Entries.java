package dev.sluice.control.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Payloads for tests, recognisable by their number and free of zero bytes. */
final class Entries {

    private Entries() {}

    /** Returns the payload with this number: the same each time. */
    static byte[] payload(long number, int length) {
        byte[] bytes = new byte[length];
        new Random(number).nextBytes(bytes);
        for (int i = 0; i < length; i++) {
            bytes[i] |= 1;
        }
        return bytes;
    }

    static List<byte[]> payloads(long firstNumber, int count, int length) {
        List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(payload(firstNumber + i, length));
        }
        return all;
    }

    /** Collects what it is shown, and refuses a gap. */
    static final class Collected implements EntryVisitor {

        final List<byte[]> payloads = new ArrayList<>();
        private final long first;

        Collected(long first) {
            this.first = first;
        }

        @Override
        public void visit(long index, byte[] payload) throws IOException {
            if (index != first + payloads.size()) {
                throw new AssertionError(
                        "expected entry " + (first + payloads.size()) + ", found " + index);
            }
            payloads.add(payload);
        }
    }
}
