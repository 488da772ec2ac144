package dev.sluice.trust.channel;

import java.io.IOException;

/** A refusal on its way out of a reading. */
final class ChannelRefusal extends IOException {
    private static final long serialVersionUID = 1L;

    private final ChannelOutcome.Reason reason;

    ChannelRefusal(ChannelOutcome.Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    ChannelOutcome.Reason reason() {
        return reason;
    }
}
