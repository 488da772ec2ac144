/**
 * Records of the site's sessions that ended: read from the site, spooled durably, sent to masters.
 *
 * <p>Depends on traffic, on the ledger's storage and on the wire. Start with {@link
 * dev.sluice.agent.records.SpoolState}, which is pure, then {@link
 * dev.sluice.agent.records.RecordKeeper}.
 */
@NullMarked
package dev.sluice.agent.records;

import org.jspecify.annotations.NullMarked;
