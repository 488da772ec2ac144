package dev.sluice.control.state;

import dev.sluice.control.model.Ballot;
import java.time.Instant;

/**
 * An event as the journal holds it.
 *
 * @param index its place in the journal, from 1 without gaps
 * @param at when it was decided; for people and soaks, never for order
 * @param ballot the ballot of the primary that decided it
 */
public record Recorded(long index, Instant at, Ballot ballot, Event event) {}
