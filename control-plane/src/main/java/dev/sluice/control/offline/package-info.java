/**
 * Plans without a server: reads files, asks the planner, checks its blueprint, writes a document.
 *
 * <p>Depends on {@code config}, {@code planner} and {@code model}; it is an edge, so picocli and
 * Jackson stay here. Start with {@link dev.sluice.control.offline.OfflinePlan}; {@link
 * dev.sluice.control.offline.PlanDocument} also serves the server's answer to the same question.
 */
@NullMarked
package dev.sluice.control.offline;

import org.jspecify.annotations.NullMarked;
