package dev.sluice.control.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.failover.Register;
import dev.sluice.control.failover.Replica;
import dev.sluice.control.failover.StoreId;
import dev.sluice.control.failover.Witness;
import dev.sluice.control.failover.WitnessReply;
import dev.sluice.control.failover.WitnessSet;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.v1.WitnessMember;
import dev.sluice.v1.WitnessRegister;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class WitnessWireTest {

    private static final NodeId MASTER = new NodeId("m-a");
    private static final Ballot BALLOT = new Ballot(2, 4, MASTER, -7);
    private static final WitnessSet FIRST = witnesses(1, "m-a", "m-b", "eu-1");
    private static final WitnessSet SECOND = witnesses(2, "m-a", "m-b", "eu-2");
    private static final Register REGISTER =
            new Register(
                    BALLOT,
                    9,
                    new TreeSet<>(
                            Set.of(
                                    new Replica(MASTER, new StoreId("j-1")),
                                    new Replica(new NodeId("m-b"), new StoreId("j-2")))),
                    SECOND,
                    Optional.of(FIRST));

    private static WitnessSet witnesses(long version, String... nodes) {
        return WitnessSet.of(
                version,
                List.of(nodes).stream()
                        .map(node -> new Witness(new NodeId(node), new StoreId("l-" + node)))
                        .toList());
    }

    @Test
    void aRegisterComesBackAsItWasWithAndWithoutALeavingSet() {
        Register settled = new Register(BALLOT, 10, REGISTER.inSync(), SECOND, Optional.empty());

        assertThat(WitnessWire.decode(WitnessWire.encode(REGISTER))).isEqualTo(REGISTER);
        assertThat(WitnessWire.decode(WitnessWire.encode(settled))).isEqualTo(settled);
    }

    @Test
    void aReplyOfAWitnessThatKnowsNothingHasNeitherPromiseNorRegister() {
        assertThat(
                        WitnessWire.decode(
                                dev.sluice.v1.WitnessReply.newBuilder()
                                        .setStoreId("5eed")
                                        .setReason("too low")
                                        .build()))
                .isEqualTo(new WitnessReply(new StoreId("5eed"), false, "too low", null, null));
    }

    @Test
    @Tag("REL-3")
    void whatNoMasterCanHaveWrittenIsRefusedWithTheReason() {
        WitnessRegister good = WitnessWire.encode(REGISTER);
        refused(good.toBuilder().clearBallot(), "ballot: NodeId \"\"");
        refused(good.toBuilder().setSequence(-1), "register sequence 18446744073709551615");
        refused(good.toBuilder().clearInSync(), "nobody in sync");
        refused(good.toBuilder().clearWitnesses(), "witness set 0: no member");
        refused(good.toBuilder().addInSync(good.getInSync(0)), "in_sync lists m-a/j-1 twice");
        WitnessRegister.Builder crowd = good.toBuilder();
        for (int i = 0; i < WitnessWire.MAX_MEMBERS; i++) {
            crowd.getLeavingBuilder()
                    .addMembers(WitnessMember.newBuilder().setNodeId("n" + i).setStoreId("s"));
        }
        refused(crowd, "witness set has 19 members, at most 16 expected");
        WitnessRegister.Builder unnamed = good.toBuilder();
        unnamed.getWitnessesBuilder().getMembersBuilder(0).clearStoreId();
        refused(unnamed, "store id: expected");
    }

    private static void refused(WitnessRegister.Builder wire, String reason) {
        assertThatThrownBy(() -> WitnessWire.decode(wire.build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }
}
