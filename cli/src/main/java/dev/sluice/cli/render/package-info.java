/**
 * What operators see: tables, documents, and the live picture of an upgrade.
 *
 * <p>Depends on the wire's messages, on {@code outcome}, on JLine for the terminal and on Jackson
 * for documents, not on a transport, so that programs which talk to the cluster in another way show
 * the same picture. Start with {@link dev.sluice.cli.render.UpgradeView}.
 */
@NullMarked
package dev.sluice.cli.render;

import org.jspecify.annotations.NullMarked;
