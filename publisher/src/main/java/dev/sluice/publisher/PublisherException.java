package dev.sluice.publisher;

/** Input that cannot be used, or an answer of no: the message is for whoever called. */
final class PublisherException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exit;

    private PublisherException(int exit, String message) {
        super(message);
        this.exit = exit;
    }

    /** The command line, a file or a value was wrong; nothing was changed. */
    static PublisherException badInput(String message) {
        return new PublisherException(Publisher.BAD_INPUT, message);
    }

    /** What was asked about is not as it has to be; nothing was changed. */
    static PublisherException refused(String message) {
        return new PublisherException(Publisher.REFUSED, message);
    }

    /** What was needed could not be had. */
    static PublisherException unreachable(String message) {
        return new PublisherException(Publisher.UNREACHABLE, message);
    }

    int exit() {
        return exit;
    }
}
