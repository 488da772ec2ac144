package dev.sluice.control.api;

import com.google.protobuf.ByteString;
import dev.sluice.control.codec.WitnessWire;
import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessChoice;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.Master;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.model.Refusal;
import dev.sluice.control.model.Topology;
import dev.sluice.control.state.Office;
import dev.sluice.control.state.Recorded;
import dev.sluice.v1.ForcedPromotion;
import dev.sluice.v1.ProposeForcedPromotionResponse;
import dev.sluice.v1.WitnessMember;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a forced promotion of this master would be, and what it would give up. Pure: it says what
 * this master knows, and no more.
 */
final class ForcedProposal {

    /** A proposal that nobody signed by then is one about a cluster that has changed. */
    static final Duration VALID = Duration.ofMinutes(10);

    private final Outlook outlook;
    private final Masters.Standing standing;
    private final NavigableSet<NodeId> writtenOff;

    ForcedProposal(Outlook outlook, Masters.Standing standing, Set<NodeId> writtenOff) {
        this.outlook = outlook;
        this.standing = standing;
        this.writtenOff = new TreeSet<>(writtenOff);
    }

    /** Proposed, or why it can't be. */
    sealed interface Outcome {

        record Proposed(ForcedPromotion promotion, ProposeForcedPromotionResponse answer)
                implements Outcome {}

        record Refused(Refusal refusal) implements Outcome {}
    }

    /**
     * The proposal.
     *
     * @param last the last entry of this master's journal; null: it has none
     */
    Outcome propose(@Nullable Recorded last, String nonce, Instant now) {
        Topology topology = outlook.state().topology();
        if (topology == null) {
            return refused(
                    "master " + outlook.self(),
                    "expected a journal with the cluster in it, found none: restore a backup, or promote another master");
        }
        for (NodeId node : writtenOff) {
            if (node.equals(outlook.self())) {
                return refused(
                        "node " + node, "is the master to be promoted; it can't be written off");
            }
            if (!isKnown(topology, node)) {
                return refused("node " + node, "is no master and no traffic node of this cluster");
            }
        }
        List<NodeId> toName =
                ahead().stream().filter(master -> !writtenOff.contains(master)).toList();
        if (!toName.isEmpty()) {
            return refused(
                    "master " + toName.getFirst(),
                    "may have decisions that master %s has not: expected it among those written off, found %s"
                            .formatted(
                                    outlook.self(), writtenOff.isEmpty() ? "nobody" : writtenOff));
        }
        SortedSet<Witness> witnesses = witnesses(topology);
        if (witnesses.isEmpty()) {
            return refused(
                    "master " + outlook.self(),
                    "expected the agent of at least one node to be connected here, which is not written off, as a witness; found none");
        }
        ForcedPromotion.Builder promotion =
                ForcedPromotion.newBuilder()
                        .setCluster(topology.name())
                        .setMasterId(outlook.self().value())
                        .setGeneration(generation(outlook, standing))
                        .addAllWrittenOff(writtenOff.stream().map(NodeId::value).toList())
                        .setLastIndex(outlook.state().index())
                        .setAcceptedLoss(loss())
                        .setNonce(nonce)
                        .setIssued(WireValues.of(now))
                        .setExpiry(WireValues.of(now.plus(VALID)));
        witnesses.forEach(witness ->
                promotion.addWitnesses(
                        WitnessMember.newBuilder()
                                .setNodeId(witness.node().value())
                                .setStoreId(witness.store().value())));
        ForcedPromotion made = promotion.build();
        return new Outcome.Proposed(made, answer(topology, made, witnesses.size(), last));
    }

    private static Outcome refused(String subject, String reason) {
        return new Outcome.Refused(new Refusal(subject, reason));
    }

    private static boolean isKnown(Topology topology, NodeId node) {
        return topology.master(node).isPresent()
                || topology.nodes().stream().anyMatch(n -> n.id().equals(node));
    }

    /** The only generation that a certificate for this master may have now. */
    static int generation(Outlook outlook, Masters.Standing standing) {
        Office office = outlook.state().office();
        Register register = standing.register();
        return 1
                + Stream.of(
                                standing.highest(),
                                register == null ? null : register.ballot(),
                                office == null ? null : office.ballot())
                        .filter(ballot -> ballot != null)
                        .mapToInt(Ballot::generation)
                        .max()
                        .orElse(0);
    }

    /** The other masters that had every committed entry, by the last register known here. */
    private NavigableSet<NodeId> ahead() {
        NavigableSet<NodeId> ahead = new TreeSet<>();
        Register register = standing.register();
        if (register != null) {
            register.inSync().stream().map(Replica::master).forEach(ahead::add);
            ahead.add(register.primary());
        } else if (outlook.state().office() != null) {
            ahead.add(outlook.state().office().primary());
        }
        ahead.remove(outlook.self());
        return ahead;
    }

    private SortedSet<Witness> witnesses(Topology topology) {
        SortedMap<NodeId, StoreId> stores = new TreeMap<>(standing.present());
        stores.keySet().removeAll(writtenOff);
        Register register = standing.register();
        Set<Witness> current =
                register == null
                        ? Set.of()
                        : register.witnesses().members().stream()
                                .filter(w -> w.store().equals(stores.get(w.node())))
                                .collect(Collectors.toSet());
        return WitnessChoice.choose(topology, stores, current, Set.of());
    }

    private boolean isInSync() {
        Register register = standing.register();
        return register != null
                && register.inSync().contains(new Replica(outlook.self(), standing.store()));
    }

    private long behind() {
        Masters.Contact contact = standing.contact();
        return contact == null ? 0 : Math.max(0, contact.index() - outlook.state().index());
    }

    /** What may be lost, in words that are true whatever this master does not know. */
    private String loss() {
        long index = outlook.state().index();
        Register register = standing.register();
        if (register == null) {
            return "unknown: master %s knows no register; any decision after entry %d, or in the place of entries before it, may be lost"
                    .formatted(outlook.self(), index);
        }
        String known = "register %s, sequence %d".formatted(register.ballot(), register.sequence());
        if (isInSync()) {
            return "none by %s, which names master %s in sync; if a primary left it out after that, what it decided alone since is lost"
                    .formatted(known, outlook.self());
        }
        return "decisions after entry %d, or in the place of entries before it that were never committed, that %s acknowledged while master %s was not in sync by %s%s"
                .formatted(
                        index,
                        ahead().isEmpty()
                                ? "other masters"
                                : "master "
                                        + ahead().stream()
                                                .map(NodeId::value)
                                                .collect(Collectors.joining(" and master ")),
                        outlook.self(),
                        known,
                        behind() == 0 ? "" : ": at least %d entries".formatted(behind()));
    }

    private ProposeForcedPromotionResponse answer(
            Topology topology, ForcedPromotion promotion, int witnesses, @Nullable Recorded last) {
        ProposeForcedPromotionResponse.Builder answer =
                ProposeForcedPromotionResponse.newBuilder()
                        .setPromotion(ByteString.copyFrom(promotion.toByteArray()))
                        .setInSync(isInSync())
                        .setBehind(behind())
                        .addAllUnreachableMasters(unreachableMasters(topology))
                        .addAllUnreachableNodes(unreachableNodes(topology))
                        .addAllWarnings(warnings(witnesses, topology));
        if (last != null) {
            answer.setLastAt(WireValues.of(last.at())).setLastBallot(WireValues.of(last.ballot()));
        }
        if (standing.register() != null) {
            answer.setRegister(WitnessWire.encode(standing.register()));
        }
        Masters.Contact contact = standing.contact();
        if (contact != null) {
            answer.setLastPrimary(contact.primary().value())
                    .setLastContact(WireValues.of(contact.at()));
            if (contact.lastSync() != null) {
                answer.setLastSync(WireValues.of(contact.lastSync()));
            }
        }
        return answer.build();
    }

    private List<String> unreachableMasters(Topology topology) {
        return topology.masters().stream()
                .map(Master::id)
                .filter(id -> !id.equals(outlook.self()) && !id.equals(standing.followed()))
                .filter(id -> {
                    var peer = outlook.peers().get(id);
                    return peer == null || !peer.following();
                })
                .map(NodeId::value)
                .sorted()
                .toList();
    }

    private List<String> unreachableNodes(Topology topology) {
        return Stream.concat(
                        topology.masters().stream().map(Master::id),
                        topology.nodes().stream().map(n -> n.id()))
                .filter(id -> !standing.present().containsKey(id))
                .map(NodeId::value)
                .sorted()
                .toList();
    }

    private List<String> warnings(int witnesses, Topology topology) {
        List<String> warnings = new ArrayList<>();
        if (standing.followed() != null) {
            warnings.add(
                    "master %s is primary and is heard here now; force deposes it"
                            .formatted(standing.followed()));
        }
        for (NodeId node : writtenOff) {
            if (standing.present().containsKey(node)) {
                warnings.add("node %s is written off, but its agent is connected".formatted(node));
            }
        }
        Register register = standing.register();
        if (register != null
                && isInSync()
                && register.hasQuorum(
                        register.everyone().stream()
                                .filter(standing::isPresent)
                                .collect(Collectors.toSet()))) {
            warnings.add(
                    "a quorum of witnesses can be reached, and this master is in sync: 'sluice masters promote %s' without --force gives up nothing"
                            .formatted(outlook.self()));
        }
        int wanted = WitnessChoice.size(topology);
        if (witnesses < wanted) {
            warnings.add(
                    "witnesses: %d instead of %d, until more agents are connected"
                            .formatted(witnesses, wanted));
        }
        return warnings;
    }
}
