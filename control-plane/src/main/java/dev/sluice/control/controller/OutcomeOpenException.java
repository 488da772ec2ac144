package dev.sluice.control.controller;

/**
 * No answer to a command in time: its events wait to be committed, or it waits behind such events.
 * The message says which, and who is waited for.
 */
public final class OutcomeOpenException extends Exception {

    private static final long serialVersionUID = 1L;

    OutcomeOpenException(String message) {
        super(message);
    }
}
