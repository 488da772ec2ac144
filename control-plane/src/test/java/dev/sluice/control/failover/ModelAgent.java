package dev.sluice.control.failover;

import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** An agent in the model: a witness, and a node that obeys a ballot. */
final class ModelAgent {

    private final ElectionModel model;
    private final NodeId node;
    private final WitnessModel witness;
    private @Nullable Ballot obeyed;
    private boolean up = true;

    ModelAgent(ElectionModel model, NodeId node, StoreId store) {
        this.model = model;
        this.node = node;
        this.witness = new WitnessModel(store);
    }

    NodeId node() {
        return node;
    }

    WitnessModel witness() {
        return witness;
    }

    Optional<Ballot> obeyed() {
        return Optional.ofNullable(obeyed);
    }

    boolean isUp() {
        return up;
    }

    void stop() {
        up = false;
    }

    void start() {
        if (!up) {
            up = true;
            witness.restart();
            if (model.mutation == Mutation.WITNESS_FORGETS_ITS_PROMISE) {
                witness.forgetPromise();
            }
            if (model.mutation == Mutation.WITNESS_FORGETS_ITS_REGISTER) {
                witness.forgetRegister();
            }
        }
    }

    void loseLedger(StoreId next) {
        model.trace("%s loses its ledger", node);
        boolean keeps = model.mutation == Mutation.LOST_LEDGER_KEEPS_ITS_NAME;
        witness.lose(keeps ? witness.store() : next);
        obeyed = null;
    }

    void ask(ModelMaster from, long requestId, WitnessRequest request) {
        if (!up) {
            return;
        }
        WitnessReply reply = witness.answer(model.network.now(), from.id(), request);
        if (reply.granted() && request instanceof WitnessRequest.Accept(Register register)) {
            model.checks.accepts(new Witness(node, reply.store()), register);
        }
        reply(from, requestId, node, mutated(request, reply));
        if (model.chance(model.restartInAnswers)) {
            model.trace("%s starts again", node);
            stop();
            start();
        }
        if (reply.granted()) {
            for (Witness other : invented(request, reply)) {
                reply(
                        from,
                        requestId,
                        other.node(),
                        new WitnessReply(
                                other.store(), true, "", reply.promised(), reply.register()));
            }
        }
    }

    private void reply(ModelMaster to, long requestId, NodeId as, WitnessReply reply) {
        model.network.send(node, to.id(), () -> to.replied(as, requestId, reply));
    }

    private WitnessReply mutated(WitnessRequest request, WitnessReply reply) {
        return model.mutation == Mutation.REFUSALS_COUNT_AS_ACCEPTANCE
                        && request instanceof WitnessRequest.Accept(Register register)
                ? new WitnessReply(reply.store(), true, "", register.ballot(), register)
                : reply;
    }

    /** Votes that nobody gave. */
    private SortedSet<Witness> invented(WitnessRequest request, WitnessReply reply) {
        SortedSet<Witness> others = new TreeSet<>();
        if (model.mutation == Mutation.ONE_WITNESS_IS_A_QUORUM) {
            model.agents().forEach(a -> others.add(new Witness(a.node(), a.witness().store())));
        }
        if (model.mutation == Mutation.LEAVING_WITNESSES_ARE_NOT_ASKED) {
            Register register =
                    request instanceof WitnessRequest.Accept(Register asked)
                            ? asked
                            : reply.register();
            if (register != null) {
                register.leaving().ifPresent(set -> others.addAll(set.members()));
                others.removeAll(register.witnesses().members());
            }
        }
        others.remove(new Witness(node, reply.store()));
        return others;
    }

    void fence(ModelMaster from, Ballot ballot) {
        if (!up) {
            return;
        }
        Ballot before = obeyed;
        if (before != null && before.isAbove(ballot)) {
            model.network.send(node, from.id(), () -> from.sawObeyed(before));
        } else {
            obeyed = ballot;
        }
    }
}
