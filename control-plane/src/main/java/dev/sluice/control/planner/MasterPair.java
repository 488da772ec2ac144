package dev.sluice.control.planner;

import dev.sluice.control.model.Master;

/** A primary and the backup that may take its place. */
record MasterPair(Master primary, Master backup) {

    static MasterPair of(Master primary, Master backup) {
        return new MasterPair(primary, backup);
    }

    /** The pair behind a promotion. */
    MasterPair promoted() {
        return new MasterPair(/* primary= */ backup, /* backup= */ primary);
    }
}
