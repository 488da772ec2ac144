package dev.sluice.control.controller;

import dev.sluice.control.journal.Disk;
import dev.sluice.control.journal.JournalOptions;
import dev.sluice.control.model.Ballot;
import dev.sluice.control.model.NodeId;
import dev.sluice.control.planner.Fixture;
import dev.sluice.control.planner.PlanningInput;
import dev.sluice.control.state.Actor;
import dev.sluice.control.state.Command;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** A cluster of the masters m-a and m-b with two traffic nodes, in the words of a test. */
final class TwoMasters {

    static final NodeId A = new NodeId("m-a");
    static final NodeId B = new NodeId("m-b");
    static final Actor ALICE = new Actor("alice");
    static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
    static final InstantSource CLOCK = () -> NOW;
    static final long INCARNATION = 7;

    /** Small enough for a memory disk; nothing written ahead, so that only decisions change it. */
    static final JournalOptions OPTIONS =
            JournalOptions.defaults().withSegmentBytes(1 << 20).withPreallocateBytes(0);

    private TwoMasters() {}

    static DurableState recover(NodeId self, long incarnation, Disk disk) throws IOException {
        return DurableState.recover(self, incarnation, disk, OPTIONS, CLOCK);
    }

    static Ballot ballot(long counter, NodeId master, long incarnation) {
        return new Ballot(0, counter, master, incarnation);
    }

    static Command takeOffice(Ballot ballot) {
        return new Command.TakeOffice(ballot, "1.0.0", "the test says so");
    }

    static Founding founding() {
        PlanningInput input =
                Fixture.twoMasters()
                        .region("eu", 2)
                        .pkg("base 7.0.0", "base >=6.1.0")
                        .target("base 7.0.0")
                        .input();
        return new Founding(input.topology(), input.policy());
    }

    static Command found() {
        return new Command.FoundCluster(founding().topology(), founding().policy());
    }

    static Command set(String key, String value) {
        return new Command.ChangeSetting(key, Optional.of(value), false, ALICE);
    }

    static List<Command> settings(int count) {
        return IntStream.range(0, count).mapToObj(i -> set("site.key" + i, "v")).toList();
    }

    /** Decides, makes durable and visible at once, as a master alone does. */
    static Batch decide(DurableState durable, List<Command> commands) throws IOException {
        Batch batch = durable.append(commands);
        durable.force();
        durable.apply(batch);
        return batch;
    }

    /** Takes over entries, makes them durable and visible. */
    static Batch replicate(DurableState durable, long firstIndex, List<byte[]> payloads)
            throws IOException {
        Batch batch = durable.follow(firstIndex, payloads, _ -> {});
        durable.apply(batch);
        return batch;
    }

    /** Master A takes office and founds the cluster. */
    static DurableState inOffice(DurableState durable) throws IOException {
        var _ = decide(durable, List.of(takeOffice(ballot(1, A, INCARNATION)), found()));
        return durable;
    }
}
