package dev.sluice.sim.rack;

/**
 * A rack file that cannot be used; the message names file, line, key, what was expected and what
 * was found.
 */
public final class InvalidRack extends Exception {
    InvalidRack(String message) {
        super(message);
    }
}
