package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import org.jspecify.annotations.Nullable;

/**
 * A witness's answer.
 *
 * @param store the memory it speaks from
 * @param reason for people, when not granted
 * @param promised the highest ballot promised; null: none
 * @param register what was accepted last; null: nothing ever was
 */
public record WitnessReply(
        StoreId store,
        boolean granted,
        String reason,
        @Nullable Ballot promised,
        @Nullable Register register) {}
