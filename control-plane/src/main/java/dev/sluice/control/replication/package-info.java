/**
 * The primary's journal on its way to a backup, without I/O: messages in, messages out.
 *
 * <p>Depends on the journal's positions only. Start with {@link
 * dev.sluice.control.replication.Shipment}, the primary's side. What a commit waits for when a
 * majority of masters has to agree gets its place here too.
 */
@NullMarked
package dev.sluice.control.replication;

import org.jspecify.annotations.NullMarked;
