package dev.sluice.control.planner;

import dev.sluice.control.model.Master;
import dev.sluice.control.model.Phase;
import dev.sluice.control.model.StepId;
import dev.sluice.control.model.Work;
import java.util.ArrayList;
import java.util.List;

/** The parts of a strategy that change what a master is. */
final class Masters {

    private Masters() {}

    static List<Master> withFirst(Master first, List<Master> others) {
        List<Master> all = new ArrayList<>(List.of(first));
        all.addAll(others);
        return all;
    }

    /** Makes the backup the primary and moves the shared address to it. */
    static StepId promote(Composition parts, MasterPair pair, StepId after) {
        Master backup = pair.backup();
        Work promote = new Work.Promote(backup.id(), pair.primary().id());
        StepId promoted = parts.onMaster(Phase.PROMOTION, backup, promote, List.of(after));
        Work move = new Work.SwitchAddress(backup.id(), pair.primary().id());
        return parts.onMaster(Phase.PROMOTION, backup, move, List.of(promoted));
    }

    /** Brings the backups back into the failover, one after another. */
    static StepId restore(Composition parts, Master primary, List<Master> backups, StepId after) {
        StepId last = after;
        for (Master backup : backups) {
            Work restore = new Work.RestoreFailover(primary.id(), backup.id());
            last = parts.onMaster(Phase.RESTORE, primary, restore, List.of(last));
        }
        return last;
    }
}
