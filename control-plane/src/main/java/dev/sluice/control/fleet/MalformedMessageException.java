package dev.sluice.control.fleet;

/** A message of an agent that breaks the protocol's bounds; the message says which and how. */
final class MalformedMessageException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedMessageException(String message) {
        super(message);
    }
}
