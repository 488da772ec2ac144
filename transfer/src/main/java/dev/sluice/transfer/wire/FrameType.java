package dev.sluice.transfer.wire;

/** What a frame is; its number stands in the frame's first byte and never changes. */
enum FrameType {
    PULL(1, PullRequest.BODY_BYTES, 256),
    TABLE(2, Long.BYTES, 1 << 16),
    DATA(3, Long.BYTES + 1, Long.BYTES + Frames.MAX_DATA_BYTES),
    ALIVE(4, Long.BYTES, Long.BYTES),
    RETRACT(5, Long.BYTES, Long.BYTES),
    END(6, 0, 0),
    REFUSED(7, 1, 1 + Frames.MAX_TEXT_BYTES);

    /** By number, from 1. */
    private static final FrameType[] ALL = values();

    private final int number;
    private final int minBody;
    private final int maxBody;

    FrameType(int number, int minBody, int maxBody) {
        this.number = number;
        this.minBody = minBody;
        this.maxBody = maxBody;
    }

    byte number() {
        return (byte) number;
    }

    int maxBody() {
        return maxBody;
    }

    static FrameType of(int number) throws WireException {
        if (number >= 1 && number <= ALL.length) {
            return ALL[number - 1];
        }
        throw new WireException("frame of type %d: expected 1 to 7".formatted(number));
    }

    void checkLength(int length) throws WireException {
        if (length < minBody || length > maxBody) {
            throw new WireException(
                    "frame %s: expected a body of %d to %d bytes, found %d"
                            .formatted(this, minBody, maxBody, length));
        }
    }
}
