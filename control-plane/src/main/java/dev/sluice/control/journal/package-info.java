/**
 * The journal: an append-only, hash-chained log of opaque entries with group commit, crash
 * recovery, snapshots and compaction.
 *
 * <p>It depends on the JDK only and knows nothing of what its entries mean. It does not log: what
 * recovery found is returned as a {@link dev.sluice.control.journal.RecoveryReport}.
 *
 * <p>Start reading at {@link dev.sluice.control.journal.Journal}; {@link
 * dev.sluice.control.journal.Disk} is the seam that tests and simulators replace. The format on
 * disk is described in {@code docs/reference/journal.md}.
 */
@NullMarked
package dev.sluice.control.journal;

import org.jspecify.annotations.NullMarked;
