package dev.sluice.control.peer;

import dev.sluice.control.controller.Controller;
import dev.sluice.control.controller.Founding;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Office;
import org.jspecify.annotations.Nullable;

/**
 * An election without witnesses, for tests of what comes after it: the master whose turn it is by
 * its own journal takes office. Safe only as long as a test sees to it that journals don't part.
 */
final class OfficeByJournal {

    private final NodeId self;
    private final NodeId founder;
    private final long incarnation;
    private final Controller controller;
    private final Founding founding;
    private @Nullable Ballot asked;

    OfficeByJournal(
            NodeId self,
            NodeId founder,
            long incarnation,
            Controller controller,
            Founding founding) {
        this.self = self;
        this.founder = founder;
        this.incarnation = incarnation;
        this.controller = controller;
        this.founding = founding;
    }

    void start() {
        controller.subscribe((_, _) -> look());
        look();
    }

    private synchronized void look() {
        Office office = controller.state().office();
        if (controller.isInOffice()) {
            if (controller.state().topology() == null) {
                var _ =
                        controller.submit(
                                new Command.FoundCluster(founding.topology(), founding.policy()));
            }
            return;
        }
        NodeId turn = office == null ? founder : office.entitled();
        if (!turn.equals(self)) {
            return;
        }
        Ballot next =
                office == null
                        ? new Ballot(0, 1, self, incarnation)
                        : office.ballot().next(self, incarnation);
        if (!next.equals(asked)) {
            asked = next;
            var _ = controller.submit(new Command.TakeOffice(next, "1.0.0", "its turn"));
        }
    }
}
