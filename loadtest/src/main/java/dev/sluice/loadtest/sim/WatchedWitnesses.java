package dev.sluice.loadtest.sim;

import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.WitnessLink;
import dev.sluice.control.failover.WitnessRequest;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.peer.InSync;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** The way to the witnesses. */
final class WatchedWitnesses implements WitnessLink {

    private final WitnessLink witnesses;
    private final InSync inSync;
    private final boolean waitsForNone;
    private @Nullable Register asked;

    /**
     * @param waitsForNone a mutation: what is being written counts as written
     */
    WatchedWitnesses(WitnessLink witnesses, InSync inSync, boolean waitsForNone) {
        this.witnesses = witnesses;
        this.inSync = inSync;
        this.waitsForNone = waitsForNone;
    }

    @Override
    public SortedMap<NodeId, Presence> present() {
        return witnesses.present();
    }

    @Override
    public void ask(NodeId node, long requestId, WitnessRequest request) {
        witnesses.ask(node, requestId, request);
        if (request instanceof WitnessRequest.Accept(var register)) {
            asked = register;
            if (waitsForNone) {
                boolean _ = inSync.registers(register.inSync(), register.inSync());
            }
        }
    }

    /** The last register that anybody was asked to accept; null: none. */
    @Nullable Register asked() {
        return asked;
    }
}
