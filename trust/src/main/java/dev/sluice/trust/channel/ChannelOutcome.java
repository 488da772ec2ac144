package dev.sluice.trust.channel;

/** What came of reading a channel. */
public sealed interface ChannelOutcome {
    /** It is as it should be, and its versions are stored as seen. */
    record Current(Channel channel) implements ChannelOutcome {}

    /**
     * It is not, and nothing of it may be used.
     *
     * @param message what was expected and what was found, fit for an operator
     */
    record Refused(Reason reason, String message) implements ChannelOutcome {}

    /** Why a channel was refused. */
    enum Reason {
        /** This machine's clock is wrong, so that nothing can be said of the rest. */
        CLOCK,
        /** Not valid any more by this machine's clock. */
        EXPIRED,
        /** Older than what was seen. */
        OLDER_THAN_SEEN,
        /** Changed, mixed of two states, not signed by who should have. */
        TAMPERED,
        /** A file is missing, or the source fails. */
        UNAVAILABLE
    }
}
