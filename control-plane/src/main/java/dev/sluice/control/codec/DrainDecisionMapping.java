package dev.sluice.control.codec;

import dev.sluice.control.state.DrainDecision;
import dev.sluice.v1.JournalEntry.DrainDecided;

/** What was decided about a drain, both ways; entries and snapshots have it. */
final class DrainDecisionMapping {

    private DrainDecisionMapping() {}

    static DrainDecided.Decision encode(DrainDecision decision) {
        return switch (decision) {
            case EXTEND -> DrainDecided.Decision.DECISION_EXTEND;
            case CUT -> DrainDecided.Decision.DECISION_CUT;
        };
    }

    static DrainDecision decode(DrainDecided.Decision decision) {
        return switch (decision) {
            case DECISION_EXTEND -> DrainDecision.EXTEND;
            case DECISION_CUT -> DrainDecision.CUT;
            case DECISION_UNSPECIFIED -> throw JournalFormat.missing("decision on a drain");
            case UNRECOGNIZED -> throw JournalFormat.unknownValue("a decision on a drain");
        };
    }
}
