/**
 * The bytes of the journal: events and snapshots of the state as protocol buffers, versioned.
 *
 * <p>Depends on the state, the model and the generated messages of {@code journal.proto}, nothing
 * else. Bytes once written stay readable for ever; {@code docs/reference/journal-events.md} says
 * how the format grows. Start with {@link dev.sluice.control.codec.EventCodec}.
 */
@NullMarked
package dev.sluice.control.codec;

import org.jspecify.annotations.NullMarked;
