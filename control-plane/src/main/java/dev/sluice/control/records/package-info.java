/**
 * Records of clients' sessions that ended, and the sets of them that masters have: what is kept,
 * what another one lacks, what is acknowledged. Without I/O.
 *
 * <p>Depends on model and failover. Start with {@link dev.sluice.control.records.Holdings}.
 */
@NullMarked
package dev.sluice.control.records;

import org.jspecify.annotations.NullMarked;
