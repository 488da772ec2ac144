package dev.sluice.control.depot;

import dev.sluice.control.model.PackageRef;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Command;
import dev.sluice.control.state.Installations;
import dev.sluice.control.state.PackageNeeds;
import dev.sluice.control.state.PackageRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What stays in this master's depot. A package that was removed from the cluster's state goes; and
 * when another one needs the room, the oldest that nothing needs: by a decision of the primary,
 * which removes it from all masters. A backup only drops its own copy, and does without it.
 */
public final class DepotKeeper implements Depot.Cleaner {

    private static final Logger LOG = LoggerFactory.getLogger(DepotKeeper.class);

    /** Packages that stay, named in one message; the rest is counted. */
    private static final int MAX_NAMED = 5;

    private final Ports ports;

    /** Contents that the state has named since this process began; sweeping thread only. */
    private final Set<ContentId> named = new HashSet<>();

    /** What the last sweep that removed all it had to was made for; the same thread's. */
    private Map<PackageRef, PackageRecord> sweptFor = Map.of();

    private boolean sweptInOffice;

    /**
     * What it works with.
     *
     * @param installed what the nodes have told
     * @param inOffice whether this master is the primary
     * @param decide has a command decided; says why not
     */
    public record Ports(
            Depot depot,
            Supplier<ClusterState> state,
            Supplier<Installations> installed,
            BooleanSupplier inOffice,
            Function<Command, Optional<String>> decide) {}

    public DepotKeeper(Ports ports) {
        this.ports = ports;
    }

    private static Set<ContentId> contentsOf(ClusterState state) {
        return state.packages().values().stream()
                .map(pkg -> new ContentId(pkg.contentSha256()))
                .collect(Collectors.toSet());
    }

    private boolean isNamed(ContentId id) {
        return contentsOf(ports.state().get()).contains(id);
    }

    /** Whether the cluster needs a package. */
    boolean needs(PackageRecord pkg) {
        return !PackageNeeds.of(ports.state().get(), ports.installed().get())
                .needs(pkg.ref())
                .isEmpty();
    }

    /**
     * Removes what the state does not name any more. What it never named in this process may be of
     * an import that is not decided yet, or of entries that this journal lacks; only a primary,
     * which lacks none, takes it for a rest.
     */
    void sweep() {
        ClusterState state = ports.state().get();
        boolean inOffice = ports.inOffice().getAsBoolean();
        if (state.packages().equals(sweptFor) && inOffice == sweptInOffice) {
            return;
        }
        Set<ContentId> now = contentsOf(state);
        named.addAll(now);
        boolean all = true;
        for (StoredPackages.Stored stored : ports.depot().stored()) {
            boolean isRest =
                    named.contains(stored.id())
                            || (inOffice && !ports.depot().arrivedHere(stored.id()));
            if (!now.contains(stored.id()) && isRest) {
                all &=
                        drop(
                                        stored.id(),
                                        "the cluster does not have the package any more",
                                        () -> !isNamed(stored.id()))
                                .isEmpty();
            }
        }
        if (all) {
            sweptFor = state.packages();
            sweptInOffice = inOffice;
        }
    }

    @Override
    public String clean(String wanted, BooleanSupplier hasRoom) {
        List<String> staying = new ArrayList<>();
        PackageNeeds needs = PackageNeeds.of(ports.state().get(), ports.installed().get());
        for (StoredPackages.Stored stored : ports.depot().stored()) {
            if (hasRoom.getAsBoolean()) {
                break;
            }
            List<PackageRecord> packages =
                    ports.state().get().packages().values().stream()
                            .filter(pkg -> pkg.contentSha256().equals(stored.id().sha256()))
                            .toList();
            List<String> whyNot =
                    packages.stream()
                            .flatMap(pkg ->
                                    needs.whyNotByItself(pkg.ref()).stream()
                                            .map(why -> "%s: %s".formatted(pkg.ref(), why)))
                            .toList();
            if (whyNot.isEmpty()) {
                release(stored.id(), packages, "room for " + wanted).ifPresent(staying::add);
            } else {
                staying.addAll(whyNot);
            }
        }
        return text(staying);
    }

    /** Removes a content that nothing needs; says why not. */
    private Optional<String> release(ContentId id, List<PackageRecord> packages, String reason) {
        if (packages.isEmpty()) {
            if (!ports.depot().arrivedHere(id)) {
                remove(id, reason);
            }
            return Optional.empty();
        }
        if (!ports.inOffice().getAsBoolean()) {
            LOG.info(
                    "depot: {} is dropped here, and the cluster still has it",
                    packages.getFirst().ref());
            return drop(id, reason, () -> true);
        }
        for (PackageRecord pkg : packages) {
            Optional<String> refused =
                    ports.decide()
                            .apply(
                                    new Command.RemovePackage(
                                            pkg.ref(),
                                            ports.installed().get(),
                                            reason,
                                            Actor.SLUICE));
            if (refused.isPresent()) {
                return refused.map(why -> "%s: %s".formatted(pkg.ref(), why));
            }
        }
        return drop(id, reason, () -> !isNamed(id));
    }

    private void remove(ContentId id, String why) {
        var _ = drop(id, why, () -> !isNamed(id));
    }

    /** Says why not. */
    private Optional<String> drop(ContentId id, String why, BooleanSupplier mayGo) {
        try {
            if (ports.depot().remove(id, mayGo)) {
                LOG.info("depot: content {} is removed: {}", id, why);
            }
            return Optional.empty();
        } catch (IOException e) {
            LOG.warn("depot: content {} cannot be removed: {}", id, e.getMessage());
            return Optional.of("content %s: cannot be removed: %s".formatted(id, e.getMessage()));
        }
    }

    private static String text(List<String> staying) {
        int more = staying.size() - MAX_NAMED;
        return staying.stream().limit(MAX_NAMED).collect(Collectors.joining("; "))
                + (more > 0 ? "; and %d more".formatted(more) : "");
    }
}
