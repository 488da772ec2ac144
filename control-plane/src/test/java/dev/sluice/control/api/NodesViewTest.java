package dev.sluice.control.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.control.executor.NodeObservation;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.Command;
import dev.sluice.v1.GetStatusResponse;
import dev.sluice.v1.NodeStatus;
import java.util.List;
import java.util.SortedMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

final class NodesViewTest {

    private static final NodeId EU_1 = new NodeId("eu-1");
    private static final NodeId EU_2 = new NodeId("eu-2");

    private static List<NodeStatus> traffic(Outlook outlook) {
        return NodesView.of(outlook, "").getNodesList().stream()
                .filter(node -> node.getRole().equals("TRAFFIC"))
                .toList();
    }

    private static NodeStatus node(Outlook outlook, NodeId id) {
        return NodesView.of(outlook, "").getNodesList().stream()
                .filter(node -> node.getId().equals(id.value()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void thePrimaryShowsNodesThatObeyItAsAccepting() {
        Outlook primary = Scene.founded().seenBy(Scene.A, Scene.OF_A, Scene.OF_A);

        assertThat(traffic(primary))
                .hasSize(6)
                .allSatisfy(node -> {
                    assertThat(node.getAccepting()).isTrue();
                    assertThat(node.getFenced()).isTrue();
                    assertThat(node.getHealthy()).isTrue();
                    assertThat(node.getRemark()).isEmpty();
                    assertThat(node.getSessionsMap()).containsEntry("customer", 10);
                });
        assertThat(StatusView.of(primary).getNodesAccepting()).isEqualTo(6);
    }

    @Test
    @Tag("CLU-4")
    void aBackupShowsAllTrafficNodesAsNotAcceptingInItsOwnConfiguration() {
        Outlook backup = Scene.founded().seenBy(Scene.B, null, Scene.OF_A);

        assertThat(traffic(backup))
                .hasSize(6)
                .allSatisfy(node -> {
                    assertThat(node.getAccepting()).isFalse();
                    assertThat(node.getFenced()).isFalse();
                    assertThat(node.getRemark())
                            .isEqualTo(
                                    "not accepting in this master's configuration: m-b is a backup");
                });
        GetStatusResponse status = StatusView.of(backup);
        assertThat(status.getNodesAccepting()).isZero();
        assertThat(status.getNodesUnknown()).isEqualTo(6);
        assertThat(status.getPrimary()).isEqualTo("m-a");
    }

    @Test
    @Tag("CLU-4")
    void aNewPrimaryShowsNodesAsAcceptingOnlyOnceTheyHaveAcknowledgedItsBallot() {
        Scene scene =
                Scene.founded()
                        .does(new Command.DecideHandover(Scene.B))
                        .does(new Command.TakeOffice(Scene.OF_B, "2.0.0", "handed over"));
        SortedMap<NodeId, NodeObservation> fleet = Scene.fleet(Scene.OF_A);
        fleet.put(EU_1, Scene.observed(EU_1, Scene.OF_B, Scene.facts(EU_1, true, 3)));
        Outlook promoted = scene.seenBy(Scene.B, Scene.OF_B, fleet);

        assertThat(node(promoted, EU_1).getAccepting()).isTrue();
        assertThat(node(promoted, EU_2).getAccepting()).isFalse();
        assertThat(node(promoted, EU_2).getRemark())
                .startsWith("not accepting in this master's configuration")
                .contains("has not acknowledged ballot 0.2.m-b");
        assertThat(StatusView.of(promoted).getNodesAccepting()).isEqualTo(1);
    }

    @Test
    void saysThatAnAgentIsNotConnectedAndShowsNoOldFigures() {
        SortedMap<NodeId, NodeObservation> fleet = Scene.fleet(Scene.OF_A);
        fleet.put(EU_1, Scene.gone(EU_1));
        NodeStatus lost = node(Scene.founded().seenBy(Scene.A, Scene.OF_A, fleet), EU_1);

        assertThat(lost.getConnected()).isFalse();
        assertThat(lost.getAccepting()).isFalse();
        assertThat(lost.getHealthy()).isFalse();
        assertThat(lost.getInstalledMap()).isEmpty();
        assertThat(lost.getRemark()).isEqualTo("its agent is not connected");
    }

    @Test
    void marksWhatAnOperatorTookOutOfService() {
        Scene scene =
                Scene.founded().does(new Command.ChooseNodeAdmission(EU_1, false, Scene.ALICE));
        Outlook outlook = scene.seenBy(Scene.A, Scene.OF_A, Scene.OF_A);

        assertThat(node(outlook, EU_1).getOperatorClosed()).isTrue();
        assertThat(node(outlook, EU_2).getOperatorClosed()).isFalse();
    }

    @Test
    void listsOneRegionAndNamesTheRegionsWhenThereIsNoSuch() {
        Outlook outlook = Scene.founded().seenBy(Scene.A, Scene.OF_A, Scene.OF_A);

        assertThat(NodesView.of(outlook, "us").getNodesList())
                .extracting(NodeStatus::getId)
                .containsExactly("m-b", "us-1", "us-2");
        assertThatThrownBy(() -> NodesView.of(outlook, "mars"))
                .hasMessage("INVALID_ARGUMENT: region: expected one of [eu, us], found \"mars\"");
    }

    @Test
    void noMasterIsPrimaryBetweenHandoverAndTheNextOffice() {
        Scene scene = Scene.founded().does(new Command.DecideHandover(Scene.B));

        assertThat(StatusView.of(scene.seenBy(Scene.A, null, Scene.OF_A)).getPrimary()).isEmpty();
    }
}
