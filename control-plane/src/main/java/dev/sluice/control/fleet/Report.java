package dev.sluice.control.fleet;

import dev.sluice.control.executor.NodeFacts;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A report that was understood.
 *
 * @param sequence unsigned; grows with every report of a session
 * @param remarks what was not understood, and left out
 */
record Report(long sequence, NodeFacts facts, List<String> remarks) {
    Report {
        remarks = List.copyOf(remarks);
    }

    /** Whether a step could be decided otherwise by these facts than by the ones before. */
    boolean mattersAfter(@Nullable NodeFacts before) {
        return before == null || !decisive(before).equals(decisive(facts));
    }

    /**
     * The facts without what changes all the time and decides nothing at once: progress, free
     * space, rates.
     */
    private static NodeFacts decisive(NodeFacts facts) {
        return new NodeFacts(
                facts.installed(),
                facts.staged().stream().filter(NodeFacts.Staged::complete).toList(),
                facts.service(),
                facts.accepting(),
                facts.sessions(),
                facts.heldAddress(),
                facts.configurationRevision(),
                facts.executing(),
                "",
                new TreeMap<>(),
                0,
                facts.interlock(),
                facts.hardwareFault(),
                facts.keeping(),
                0,
                facts.verified());
    }
}
