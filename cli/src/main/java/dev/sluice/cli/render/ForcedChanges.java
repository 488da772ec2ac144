package dev.sluice.cli.render;

import dev.sluice.v1.ForcedChange;
import java.util.List;

/** What was changed against a freeze of the configuration, as lines of text. Pure. */
public final class ForcedChanges {
    private ForcedChanges() {}

    /** A row for each change: what the freeze holds, what it was forced to, what became of it. */
    public static List<String> table(List<ForcedChange> changes) {
        Table table = new Table("FORCED KEY", "FROZEN", "FORCED", "BY", "AT", "STATE");
        for (ForcedChange change : changes) {
            table.row(
                    change.getKey(),
                    value(change.getFrozenValue()),
                    value(change.getForcedValue()),
                    change.getActor(),
                    change.hasAt() ? Words.instant(change.getAt()) : "",
                    state(change));
        }
        return table.lines();
    }

    /** One change in a sentence. */
    static String sentence(ForcedChange change) {
        return change.getKey()
                + "="
                + value(change.getForcedValue())
                + " by "
                + change.getActor()
                + ", "
                + switch (state(change)) {
                    case "overwritten" -> "was put back to " + value(change.getFrozenValue());
                    case "kept" -> "stays instead of " + value(change.getFrozenValue());
                    default -> "will be put back to " + value(change.getFrozenValue());
                };
    }

    /** Masters of earlier releases say only whether it was overwritten. */
    private static String state(ForcedChange change) {
        if (change.getOverwritten()) {
            return "overwritten";
        }
        return change.getFate().equals("KEPT") ? "kept" : "pending";
    }

    private static String value(String text) {
        return text.isEmpty() ? "(none)" : text;
    }
}
