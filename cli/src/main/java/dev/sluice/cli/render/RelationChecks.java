package dev.sluice.cli.render;

import dev.sluice.v1.RelationCheck;
import dev.sluice.v1.RelationCheck.Outcome;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What masters found of each other, a line each. Pure. */
public final class RelationChecks {
    private RelationChecks() {}

    /**
     * One of each: masters that are asked one after the other tell of the same check. What went
     * wrong once stands; what was left out once and looked at later does not.
     */
    public static List<RelationCheck> merged(Collection<RelationCheck> all) {
        Map<String, RelationCheck> byKey = new TreeMap<>();
        for (RelationCheck check : all) {
            String key = check.getSeenBy() + " " + check.getMaster() + " " + check.getAddress();
            byKey.merge(key, check, (old, next) -> weight(next) > weight(old) ? next : old);
        }
        return new ArrayList<>(byKey.values());
    }

    private static int weight(RelationCheck check) {
        return switch (check.getOutcome()) {
            case OUTCOME_NOT_CHECKED, OUTCOME_UNSPECIFIED -> 0;
            case OUTCOME_GOOD -> 1;
            case OUTCOME_KEY_DIFFERS,
                    OUTCOME_HOST_UNRESOLVABLE,
                    OUTCOME_PORT_CLOSED,
                    OUTCOME_OTHER_PROGRAM,
                    OUTCOME_OTHER_MASTER,
                    UNRECOGNIZED ->
                    2;
        };
    }

    public static boolean allGood(List<RelationCheck> checks) {
        return checks.stream().allMatch(check -> check.getOutcome() == Outcome.OUTCOME_GOOD);
    }

    public static List<String> lines(List<RelationCheck> checks) {
        if (checks.isEmpty()) {
            return List.of("There is one master: nothing to check.");
        }
        Table table = new Table("SEEN BY", "MASTER", "WHAT", "RESULT", "FOUND");
        for (RelationCheck check : checks) {
            table.row(
                    check.getSeenBy(),
                    check.getMaster(),
                    check.getAddress().isEmpty() ? "key" : "address " + check.getAddress(),
                    result(check.getOutcome()),
                    check.getFound());
        }
        return table.lines();
    }

    private static String result(Outcome outcome) {
        return switch (outcome) {
            case OUTCOME_GOOD -> "good";
            case OUTCOME_KEY_DIFFERS -> "KEY DIFFERS";
            case OUTCOME_HOST_UNRESOLVABLE -> "HOST UNRESOLVABLE";
            case OUTCOME_PORT_CLOSED -> "PORT CLOSED";
            case OUTCOME_OTHER_PROGRAM -> "ANOTHER PROGRAM";
            case OUTCOME_OTHER_MASTER -> "ANOTHER MASTER";
            case OUTCOME_NOT_CHECKED -> "not checked";
            case OUTCOME_UNSPECIFIED, UNRECOGNIZED -> "UNKNOWN";
        };
    }
}
