package dev.sluice.control;

import dev.sluice.control.api.Masters;
import dev.sluice.control.controller.Controller;
import dev.sluice.control.failover.Mastership;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessLink;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.peer.OfficeKeeper;
import dev.sluice.control.peer.PeerTable;
import dev.sluice.control.state.ForcedPromotion;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The election as operators see it: what {@link OfficeKeeper} and its surroundings know. */
final class ElectedMasters implements Masters {

    private final OfficeKeeper keeper;
    private final WitnessLink witnesses;
    private final Controller controller;
    private final PeerTable peers;
    private final Supplier<Optional<String>> resync;

    /**
     * @param resync has this master's journal compared with the primary's anew; says why not
     */
    ElectedMasters(
            OfficeKeeper keeper,
            WitnessLink witnesses,
            Controller controller,
            PeerTable peers,
            Supplier<Optional<String>> resync) {
        this.keeper = keeper;
        this.witnesses = witnesses;
        this.controller = controller;
        this.peers = peers;
        this.resync = resync;
    }

    @Override
    public Standing standing() {
        OfficeKeeper.Standing now = keeper.standing();
        SortedMap<NodeId, StoreId> present = new TreeMap<>();
        witnesses.present().forEach((node, presence) -> present.put(node, presence.store()));
        Register register = now.register().orElse(null);
        return new Standing(
                kind(now.role()),
                words(now.role()),
                register,
                now.highest(),
                present,
                controller.replica().store(),
                keeper.followed().orElse(null),
                keeper.contact()
                        .map(c -> new Contact(c.primary(), c.at(), c.index(), c.lastSync()))
                        .orElse(null),
                resyncs());
    }

    private SortedMap<NodeId, Resync> resyncs() {
        SortedMap<NodeId, Resync> resyncs = new TreeMap<>();
        peers.resyncs()
                .forEach((node, progress) ->
                        resyncs.put(
                                node,
                                new Resync(
                                        progress.phase().name().toLowerCase(Locale.ROOT),
                                        progress.bytesDone(),
                                        progress.bytesTotal())));
        return resyncs;
    }

    private static Kind kind(Mastership.Role role) {
        return switch (role) {
            case Mastership.Role.Follower _ -> Kind.FOLLOWER;
            case Mastership.Role.Candidate _ -> Kind.CANDIDATE;
            case Mastership.Role.Primary _ -> Kind.PRIMARY;
            case Mastership.Role.Superseded _ -> Kind.SUPERSEDED;
        };
    }

    private static String words(Mastership.Role role) {
        return switch (role) {
            case Mastership.Role.Follower(var why) -> why;
            case Mastership.Role.Candidate(var ballot, var doing) ->
                    "asks the witnesses for %s under ballot %s".formatted(doing, ballot);
            case Mastership.Role.Primary(var register) ->
                    "a quorum of witnesses accepted ballot " + register.ballot();
            case Mastership.Role.Superseded(var higher) -> "superseded by ballot " + higher;
        };
    }

    @Override
    public void promote() {
        keeper.promote();
    }

    @Override
    public CompletableFuture<String> force(
            int generation, SortedSet<Witness> with, ForcedPromotion certificate) {
        return keeper.force(generation, with, certificate);
    }

    @Override
    public Optional<String> resync() {
        return resync.get();
    }
}
