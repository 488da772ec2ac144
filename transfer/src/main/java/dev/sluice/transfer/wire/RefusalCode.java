package dev.sluice.transfer.wire;

/** Why a source does not serve; the number stands on the wire and never changes. */
public enum RefusalCode {
    /** A later release's reason; the text says what it is. */
    OTHER(0),
    NOT_HERE(1),
    BUSY(2),
    BAD_REQUEST(3),
    GOING_AWAY(4);

    private final int number;

    RefusalCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    static RefusalCode of(int number) {
        for (RefusalCode code : values()) {
            if (code.number == number) {
                return code;
            }
        }
        return OTHER;
    }
}
