/**
 * Pulling a content from the best of several sources. {@link dev.sluice.transfer.pull.SourceChoice}
 * decides without I/O, {@link dev.sluice.transfer.pull.ContentPull} performs it. Depends on {@code
 * wire}, {@code pace}, {@code net}, {@code store}.
 */
@NullMarked
package dev.sluice.transfer.pull;

import org.jspecify.annotations.NullMarked;
