package dev.sluice.control.records;

import dev.sluice.control.failover.StoreId;
import dev.sluice.control.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Records of tests: what a record says follows from its id, so that a wrong one is seen. */
public final class Records {

    private static final List<SessionEnd> ENDS = List.of(SessionEnd.values());

    private Records() {}

    public static SpoolId spool(String node) {
        return spool(node, "5eed");
    }

    public static SpoolId spool(String node, String store) {
        return new SpoolId(new NodeId(node), new StoreId(store));
    }

    public static SessionRecord record(SpoolId spool, long sequence) {
        return new SessionRecord(
                "kind-" + Math.abs(spool.hashCode() % 1_000),
                sequence * 10,
                sequence * 10 + 5,
                ENDS.get((int) (sequence % ENDS.size())));
    }

    public static RecordRun run(SpoolId spool, long first, long last) {
        List<SessionRecord> records = new ArrayList<>();
        for (long sequence = first; sequence <= last; sequence++) {
            records.add(record(spool, sequence));
        }
        return new RecordRun(spool, first, records);
    }

    public static SequenceRange range(long first, long last) {
        return new SequenceRange(first, last);
    }

    /** Runs of a few nodes that overlap, in an order without sense. */
    static List<RecordRun> someRuns(SplittableRandom random) {
        List<RecordRun> runs = new ArrayList<>();
        int count = random.nextInt(40);
        for (int i = 0; i < count; i++) {
            long first = random.nextLong(1, 120);
            runs.add(
                    run(
                            spool("n-" + random.nextInt(3), "s" + random.nextInt(2)),
                            first,
                            first + random.nextInt(12)));
        }
        return runs;
    }
}
