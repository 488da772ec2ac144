package dev.sluice.control.failover;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.failover.OfficeRule.Role;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.state.ClusterState;
import dev.sluice.control.state.Event;
import dev.sluice.control.state.Recorded;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class OfficeRuleTest {

    private static final NodeId A = new NodeId("m-a");
    private static final NodeId B = new NodeId("m-b");
    private static final Ballot OF_A = new Ballot(0, 4, A, 7);
    private static final OfficeRule RULE_OF_A = new OfficeRule(A, A, 7);
    private static final OfficeRule RULE_OF_B = new OfficeRule(B, A, 9);

    private static ClusterState after(Event... events) {
        ClusterState state = ClusterState.EMPTY;
        for (Event event : events) {
            state = state.apply(new Recorded(state.index() + 1, Instant.EPOCH, OF_A, event));
        }
        return state;
    }

    private static ClusterState inOffice() {
        return after(new Event.PrimaryTookOffice(OF_A, "1.0.0", "founder"));
    }

    private static ClusterState handedOver() {
        return after(
                new Event.PrimaryTookOffice(OF_A, "1.0.0", "founder"),
                new Event.HandoverDecided(A, B));
    }

    @Test
    void theFounderBeginsAClusterAndOthersFollowIt() {
        assertThat(RULE_OF_A.role(ClusterState.EMPTY, null))
                .isEqualTo(new Role.Entitled(new Ballot(0, 1, A, 7)));
        assertThat(RULE_OF_B.role(ClusterState.EMPTY, null))
                .isEqualTo(new Role.Follower(Optional.of(A)));
    }

    @Test
    @Tag("REL-1")
    void aFounderWithoutALogFollowsTheMasterThatNodesObey() {
        assertThat(RULE_OF_A.role(ClusterState.EMPTY, new Ballot(0, 6, B, 3)))
                .isEqualTo(new Role.Follower(Optional.of(B)));
    }

    @Test
    @Tag("REL-1")
    void thePrimaryStaysInOfficeUnderItsBallotAndARestartNeedsANewOne() {
        assertThat(RULE_OF_A.role(inOffice(), null)).isEqualTo(new Role.InOffice(OF_A));
        assertThat(new OfficeRule(A, A, 8).role(inOffice(), null))
                .isEqualTo(new Role.Entitled(new Ballot(0, 5, A, 8)));
    }

    @Test
    @Tag("REL-1")
    void onlyTheMasterThatWasNamedIsEntitledAfterAHandover() {
        assertThat(RULE_OF_A.role(handedOver(), null)).isEqualTo(new Role.Follower(Optional.of(B)));
        assertThat(RULE_OF_B.role(inOffice(), null)).isEqualTo(new Role.Follower(Optional.of(A)));
        assertThat(RULE_OF_B.role(handedOver(), null))
                .isEqualTo(new Role.Entitled(new Ballot(0, 5, B, 9)));
    }

    @Test
    @Tag("REL-1")
    void aRestartedPrimaryFollowsWhenNodesObeyAHigherBallotOfAnother() {
        assertThat(new OfficeRule(A, A, 8).role(inOffice(), new Ballot(1, 1, B, 3)))
                .isEqualTo(new Role.Follower(Optional.of(B)));
    }

    @Test
    void aRestartedPrimaryGoesAboveItsOwnHighestBallot() {
        assertThat(new OfficeRule(A, A, 8).role(inOffice(), new Ballot(0, 6, A, 7)))
                .isEqualTo(new Role.Entitled(new Ballot(0, 7, A, 8)));
        assertThat(new OfficeRule(A, A, 8).role(inOffice(), new Ballot(0, 2, B, 7)))
                .isEqualTo(new Role.Entitled(new Ballot(0, 5, A, 8)));
    }
}
