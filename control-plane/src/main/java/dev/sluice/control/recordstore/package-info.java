/**
 * A master's store of session records: an append-only log of its own beside the journal, pruned by
 * whole segments, and the thread that writes it.
 *
 * <p>Depends on records, codec and journal's files; knows nothing of the cluster's state, so that a
 * master stores records whatever it is in the election. Start with {@link
 * dev.sluice.control.recordstore.RecordStore}.
 */
@NullMarked
package dev.sluice.control.recordstore;

import org.jspecify.annotations.NullMarked;
