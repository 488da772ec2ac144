package dev.sluice.control.failover;

import static dev.sluice.control.failover.Registers.set;
import static dev.sluice.control.failover.Registers.witnesses;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.control.model.NodeId;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class WitnessChangeTest {

    private static final WitnessSet THREE = set(1, "1 2 3");

    private static Optional<WitnessSet> next(WitnessSet now, String wanted, String present) {
        return WitnessChange.next(now, witnesses(wanted), present(present));
    }

    private static SortedMap<NodeId, WitnessLink.Presence> present(String named) {
        SortedMap<NodeId, WitnessLink.Presence> present = new TreeMap<>();
        for (Witness witness : named.isEmpty() ? new TreeSet<Witness>() : witnesses(named)) {
            present.put(witness.node(), new WitnessLink.Presence(witness.store(), null));
        }
        return present;
    }

    @Test
    void changesNothingWhenNothingElseIsWanted() {
        assertThat(next(THREE, "1 2 3", "1 2 3 4")).isEmpty();
        assertThat(WitnessChange.next(THREE, new TreeSet<>(), present("1 2 3"))).isEmpty();
    }

    @Test
    void exchangesOneMemberAtATime() {
        assertThat(next(THREE, "4 5 6", "1 2 3 4 5 6")).contains(set(2, "2 3 4"));
    }

    @Test
    void whoIsAwayLeavesFirst() {
        assertThat(next(THREE, "4 5 6", "1 3 4 5 6")).contains(set(2, "1 3 4"));
    }

    @Test
    @Tag("REL-1")
    void whoLostItsLedgerIsExchangedForItselfWithAnotherOne() {
        assertThat(next(THREE, "1 2 3/b", "1 2 3/b")).contains(set(2, "1 2 3/b"));
    }

    @Test
    void nobodyLeavesUntilSomebodyJoins() {
        assertThat(next(THREE, "1 2 4", "1 2 3")).isEmpty();
        assertThat(next(THREE, "1 2 4", "1 2 3 4/b")).isEmpty();
    }

    @Test
    @Tag("REL-1")
    void changesNothingWhenTheMajorityAfterItIsNotHere() {
        assertThat(next(THREE, "1 2 4", "4")).isEmpty();
        assertThat(next(THREE, "1 2 4", "2 4")).contains(set(2, "1 2 4"));
        assertThat(next(set(1, "1 2 3 4 5"), "1", "1 2")).isEmpty();
    }

    @Test
    void growsAndShrinksByOne() {
        assertThat(next(THREE, "1 2 4 5 6", "1 2 3 4 5 6")).contains(set(2, "1 2 3 4"));
        assertThat(next(set(7, "1 2 3 4 5"), "1 2 3", "1 2 3 4 5")).contains(set(8, "1 2 3 5"));
        assertThat(next(THREE, "2", "1 2 3")).contains(set(2, "2 3"));
    }

    @Test
    void comesToWhatIsWantedFromAnySetWhenAllAreHere() {
        SortedMap<NodeId, WitnessLink.Presence> all = present("1 2 3 4 5 6");
        for (String from : new String[] {"1", "1 2", "1 2 3", "2 3 4 5", "1 2 3 4 5"}) {
            for (String to : new String[] {"6", "1 5 6", "4 5 6", "1 2 4 5 6"}) {
                SortedSet<Witness> wanted = witnesses(to);
                WitnessSet now = set(1, from);
                for (int i = 0; i < 10; i++) {
                    now = WitnessChange.next(now, wanted, all).orElse(now);
                }
                assertThat(now.members()).as("from %s", from).isEqualTo(wanted);
            }
        }
    }
}
