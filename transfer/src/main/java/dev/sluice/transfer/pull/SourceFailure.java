package dev.sluice.transfer.pull;

/**
 * How a source failed last.
 *
 * @param atMillis by the puller's ticker
 */
public record SourceFailure(Kind kind, String detail, long atMillis) {

    /** What went wrong. */
    public enum Kind {
        /** No connection, or none with the one that was expected. */
        UNREACHABLE,
        /** Nothing at all came for too long. */
        SILENT,
        /** It lives, and gives nothing new while another may. */
        STALLED,
        /** The connection ended. */
        CLOSED,
        /** It says that it does not serve. */
        REFUSED,
        /** A table or a leaf was not what the manifest says. */
        WRONG_BYTES,
        /** It broke the protocol. */
        MISBEHAVED
    }
}
