package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import org.jspecify.annotations.Nullable;

/**
 * What a master must not forget of the election while its process is down.
 *
 * @param highest the highest ballot that this master used, or was shown by anybody; null: none
 * @param register the highest register it knows, which says where to ask; null: none
 */
public record Memory(@Nullable Ballot highest, @Nullable Register register) {

    public static final Memory NONE = new Memory(null, null);

    /** With a ballot that was seen. */
    public Memory saw(@Nullable Ballot ballot) {
        return ballot == null || (highest != null && !ballot.isAbove(highest))
                ? this
                : new Memory(ballot, register);
    }

    /** With a register that was seen. */
    public Memory saw(@Nullable Register seen) {
        return seen == null || (register != null && seen.compareTo(register) <= 0)
                ? this
                : new Memory(highest, seen).saw(seen.ballot());
    }
}
