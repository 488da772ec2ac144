package dev.sluice.loadtest.sim;

import dev.sluice.agent.ledger.LedgerStorage;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What an agent's ledger leaves on its disk, over all lives of the agent. */
final class LedgerDisk {

    private final String name;
    private byte[] content = {};
    private byte @Nullable [] torn;
    private boolean failing;

    LedgerDisk(String name) {
        this.name = name;
    }

    /** Nothing can be written until it is well again. */
    void failing(boolean value) {
        failing = value;
    }

    void lose() {
        content = new byte[0];
        torn = null;
    }

    boolean isEmpty() {
        return content.length == 0;
    }

    /** One bit turns by itself. */
    void rot(Dice dice) {
        if (content.length > 0) {
            content[dice.below(content.length)] ^= 0x10;
        }
    }

    /** The power goes: of what was being written any beginning is there. */
    void losePower(Dice dice) {
        byte[] tail = torn;
        if (tail != null) {
            content = joined(content, Arrays.copyOf(tail, dice.below(tail.length + 1)));
            torn = null;
        }
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    /** The storage for one life of the agent. */
    LedgerStorage storage(Life life, Forgetting forgetting) {
        return new LedgerStorage() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public byte[] read() {
                byte[] tail = torn;
                if (tail != null) {
                    content = joined(content, tail);
                    torn = null;
                }
                return forgetting.of(content);
            }

            @Override
            public void append(byte[] bytes) throws IOException {
                life.point();
                refuseIfFailing();
                torn = bytes;
                life.point();
                content = joined(content, bytes);
                torn = null;
                life.point();
            }

            @Override
            public void replace(byte[] bytes) throws IOException {
                life.point();
                refuseIfFailing();
                content = bytes.clone();
                torn = null;
                life.point();
            }
        };
    }

    private void refuseIfFailing() throws IOException {
        if (failing) {
            throw new IOException("No space left on device");
        }
    }

    /** What a broken agent does not find again in its ledger; a mutation. */
    @FunctionalInterface
    interface Forgetting {
        Forgetting NOTHING = content -> content;

        byte[] of(byte[] content);
    }
}
