package dev.sluice.control.api;

import dev.sluice.v1.RelationCheck;
import java.util.List;

/** Whether this master and the others have the same key and find each other. */
@FunctionalInterface
public interface Relations {

    /** Dials the others; takes seconds for those that are away. */
    List<RelationCheck> check();

    /** Of the only master there is. */
    static Relations none() {
        return List::of;
    }
}
