/**
 * The bytes of the journal: events and snapshots of the state as protocol buffers, versioned; and
 * the messages about the register, which several packages send and read.
 *
 * <p>Depends on the state, the model, the failover's values and the generated messages, nothing
 * else. Bytes once written to the journal stay readable for ever; {@code
 * docs/reference/journal-events.md} says how the format grows. Start with {@link
 * dev.sluice.control.codec.EventCodec}, and for the register with {@link
 * dev.sluice.control.codec.WitnessWire}.
 */
@NullMarked
package dev.sluice.control.codec;

import org.jspecify.annotations.NullMarked;
