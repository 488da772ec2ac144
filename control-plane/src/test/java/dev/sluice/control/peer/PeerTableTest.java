package dev.sluice.control.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.executor.Peers;
import dev.sluice.control.model.NodeId;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class PeerTableTest {

    private static final NodeId B = new NodeId("m-b");
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

    private final PeerTable table = new PeerTable(List.of(B));

    private Peers.Peer b() {
        return Objects.requireNonNull(table.observe().get(B));
    }

    @Test
    void nothingIsKnownAtFirst() {
        assertThat(b()).isEqualTo(new Peers.Peer(B, false, 0, "", Optional.empty()));
    }

    @Test
    void aFollowerThatLeftIsNotKnownToRunAnythingButWhereItWasIs() {
        table.follows(B, 3, "1.0.0");
        table.acknowledged(B, 5, true, NOW);
        assertThat(b()).isEqualTo(new Peers.Peer(B, true, 5, "1.0.0", Optional.of(NOW)));

        table.followsNoMore(B);

        assertThat(b()).isEqualTo(new Peers.Peer(B, false, 5, "", Optional.of(NOW)));
    }

    @Test
    void aPrimaryWhoseStreamEndedIsNotKnownToRunAnything() {
        table.leads(B, "1.0.0");
        assertThat(b().controlPlaneVersion()).isEqualTo("1.0.0");

        table.leadsNoMore(B);

        assertThat(b().controlPlaneVersion()).isEmpty();
    }

    @Test
    void whileTheOfficeMovesTheEndOfOneStreamLeavesWhatTheOtherSaid() {
        table.follows(B, 3, "1.0.0");
        table.leads(B, "1.1.0");

        table.followsNoMore(B);

        assertThat(b().controlPlaneVersion()).isEqualTo("1.1.0");
        assertThat(b().following()).isFalse();
    }

    @Test
    void anAcknowledgementAfterTheEndDoesNotBringAFollowerBack() {
        table.follows(B, 3, "1.0.0");
        table.followsNoMore(B);

        table.acknowledged(B, 4, true, NOW);

        assertThat(b()).isEqualTo(new Peers.Peer(B, false, 3, "", Optional.empty()));
    }

    @Test
    void strangersAreNotKept() {
        NodeId stranger = new NodeId("m-x");

        table.follows(stranger, 3, "1.0.0");
        table.leads(stranger, "1.0.0");

        assertThat(table.knows(stranger)).isFalse();
        assertThat(table.observe()).containsOnlyKeys(B);
    }
}
