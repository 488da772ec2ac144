package dev.sluice.control.fleet;

import org.jspecify.annotations.Nullable;

/** A message of an agent that breaks the protocol's bounds; the message says which and how. */
final class MalformedMessageException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedMessageException(@Nullable String message) {
        super(message);
    }
}
