package dev.sluice.control.controller;

import dev.sluice.control.failover.OfficeRule;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.Policy;
import dev.sluice.control.model.Topology;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Decision;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes office when it is this master's turn by its own journal, founds the cluster, and stands
 * down when superseded.
 */
public final class OfficeKeeper {

    private static final Logger LOG = LoggerFactory.getLogger(OfficeKeeper.class);

    private final OfficeRule rule;
    private final Controller controller;
    private final SeenBallots seen;
    private final String version;
    private final Optional<Founding> founding;
    private final Runnable onSuperseded;
    private @Nullable Ballot asked;

    /** What a cluster is founded with. */
    public record Founding(Topology topology, Policy policy) {}

    /**
     * Creates the keeper; {@link #start} makes it look.
     *
     * @param founding the inventory, for a journal that is still empty
     * @param onSuperseded called when an agent obeys a higher ballot of another master; this
     *     process must then stop
     */
    public OfficeKeeper(
            OfficeRule rule,
            Controller controller,
            SeenBallots seen,
            String version,
            Optional<Founding> founding,
            Runnable onSuperseded) {
        this.rule = rule;
        this.controller = controller;
        this.seen = seen;
        this.version = version;
        this.founding = founding;
        this.onSuperseded = onSuperseded;
    }

    public void start() {
        controller.subscribe((_, _) -> look());
        look();
    }

    /** Is told of a ballot above this master's own. */
    public void sawHigher(Ballot ballot) {
        try {
            seen.saw(ballot);
        } catch (IOException e) {
            LOG.error("Ballot {} was seen and could not be kept", ballot, e);
        }
        if (controller.isInOffice() && !ballot.master().equals(rule.self())) {
            LOG.error("Master {} is superseded: an agent obeys ballot {}", rule.self(), ballot);
            onSuperseded.run();
        }
    }

    private synchronized void look() {
        switch (rule.role(controller.state(), seen.highest())) {
            case OfficeRule.Role.Entitled(var ballot) -> takeOffice(ballot);
            case OfficeRule.Role.InOffice _ -> found();
            case OfficeRule.Role.Follower _ -> {}
        }
    }

    private void takeOffice(Ballot ballot) {
        if (ballot.equals(asked)) {
            return;
        }
        asked = ballot;
        boolean handedOver =
                controller.state().office() != null
                        && controller.state().office().handedTo() != null;
        String reason =
                handedOver
                        ? "the last primary handed over"
                        : "this master is the primary by its journal";
        var _ =
                controller
                        .submit(new Command.TakeOffice(ballot, version, reason))
                        .thenAccept(decision -> {
                            switch (decision) {
                                case Decision.Accepted _ ->
                                        LOG.info(
                                                "Master {} is primary under ballot {}: {}",
                                                rule.self(),
                                                ballot,
                                                reason);
                                case Decision.Rejected(var refusal) ->
                                        LOG.warn("Not taking office: {}", refusal);
                            }
                        });
    }

    private void found() {
        if (controller.state().topology() == null && founding.isPresent()) {
            Founding with = founding.get();
            var _ = controller.submit(new Command.FoundCluster(with.topology(), with.policy()));
        }
    }
}
