package dev.sluice.control.recordstore;

import dev.sluice.control.model.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * Which records are wanted; those that ended last come first.
 *
 * @param node null: of all nodes
 * @param sinceMillis those that ended then or later, by their node's clock
 */
public record RecordQuery(@Nullable NodeId node, long sinceMillis, int limit) {}
